import type { Instance } from "./store.ts";

/** A peer that is silent for so long is asked whether it lives, in ms. */
const LATE_MS = 600;
/** A peer that is silent for so long is taken for dead, whatever keeps it, in ms. */
const SILENT_MS = 1500;
/** When we ourselves stood still for so long, silence proves nothing, in ms. */
const STALL_MS = 250;

/** What a heartbeat says. */
export interface Beat {
  readonly node_id: string;
  readonly instance: Instance;
  readonly region: string;
  readonly connections: number;
  /** ISO 8601 UTC with milliseconds. */
  readonly started_at: string;
  /** The node has ended all of its sessions and goes. */
  readonly is_leaving: boolean;
}

interface Peer {
  readonly beat: Beat;
  readonly heardAtMs: number;
  /** False after a cut of our own: then silence may be ours, until we hear from it again. */
  readonly isProven: boolean;
}

/** What is to be done about a peer now. */
export type Verdict =
  | { readonly kind: "ask"; readonly nodeId: string; readonly instance: Instance }
  | { readonly kind: "dead"; readonly instance: Instance };

/**
 * What this node knows of the others, and what follows from their silence. Pure but for its own
 * state: every call takes the time, in ms of a monotonic clock.
 */
export class Peers {
  readonly #peers = new Map<Instance, Peer>();
  #judgedAtMs: number | undefined;

  /** What the living last said. */
  get beats(): Beat[] {
    return [...this.#peers.values()].map((peer) => peer.beat);
  }

  /** Takes in a heartbeat; gives earlier incarnations of the same node, which are over. */
  hear(beat: Beat, nowMs: number): Instance[] {
    if (beat.is_leaving) {
      this.#peers.delete(beat.instance);
      return [];
    }
    const past = [...this.#peers.values()]
      .filter((peer) => peer.beat.node_id === beat.node_id && peer.beat.instance !== beat.instance)
      .map((peer) => peer.beat.instance);
    for (const instance of past) this.#peers.delete(instance);
    this.#peers.set(beat.instance, { beat, heardAtMs: nowMs, isProven: true });
    return past;
  }

  /** A peer answered when asked. */
  answered(instance: Instance, nowMs: number): void {
    const peer = this.#peers.get(instance);
    if (peer !== undefined) {
      this.#peers.set(instance, { ...peer, heardAtMs: nowMs, isProven: true });
    }
  }

  /** Forgets a peer that is dead. */
  forget(instance: Instance): void {
    this.#peers.delete(instance);
  }

  /** The link to the others is cut, or is back: from here on silence proves nothing. */
  suspend(): void {
    for (const [instance, peer] of this.#peers) {
      this.#peers.set(instance, { ...peer, isProven: false });
    }
  }

  /** Whom to ask and whom to give up; call often. */
  judge(nowMs: number): Verdict[] {
    const stalledMs = nowMs - (this.#judgedAtMs ?? nowMs);
    this.#judgedAtMs = nowMs;
    if (stalledMs > STALL_MS) this.#forgive(nowMs);
    const verdicts: Verdict[] = [];
    for (const [instance, { beat, heardAtMs, isProven }] of this.#peers) {
      if (!isProven) continue;
      const silentMs = nowMs - heardAtMs;
      if (silentMs >= SILENT_MS) verdicts.push({ kind: "dead", instance });
      else if (silentMs >= LATE_MS) verdicts.push({ kind: "ask", nodeId: beat.node_id, instance });
    }
    return verdicts;
  }

  #forgive(nowMs: number): void {
    for (const [instance, peer] of this.#peers) {
      this.#peers.set(instance, { ...peer, heardAtMs: nowMs });
    }
  }
}
