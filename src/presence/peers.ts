import { isSameRun } from "./instance.ts";
import type { Instance } from "./store.ts";

/** A peer that is silent for so long is asked whether it lives, in ms. */
const LATE_MS = 600;
/** The next node in the order of ids is asked without waiting for its beat to be late, after so long. */
const NEXT_LATE_MS = 250;
/** A peer that is silent for so long is taken for dead, whatever keeps it, in ms. */
const SILENT_MS = 1500;
/** Our own beats come back over the bus; when none has for so long, we hear nobody, in ms. */
const DEAF_MS = 800;
/** What passes between two looks counts up to this, in ms: while we stood still we heard nobody. */
const ATTENTION_MS = 100;

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
  /** By the listening clock. */
  readonly heardAtMs: number;
  /** False after a cut of our own: then silence may be ours, until we hear from it again. */
  readonly isProven: boolean;
}

/** What is to be done now. */
export type Verdict =
  /** Ask the node which of its instances lives, if any. */
  | { readonly kind: "ask"; readonly nodeId: string }
  | { readonly kind: "dead"; readonly instance: Instance }
  /** We were absent for so long that the others may have given us up. */
  | { readonly kind: "doubt" };

/**
 * What this node knows of the others, and what follows from their silence. Silence is counted by a
 * clock that runs only while we listen: not while this process stood still, and not while we do not
 * even hear ourselves. Pure but for its own state: every call takes the time, in ms of a monotonic clock.
 */
export class Peers {
  readonly #nodeId: string;
  readonly #peers = new Map<Instance, Peer>();
  /** The listening clock. */
  #clockMs = 0;
  #lookedAtMs: number | undefined;
  #heardSelfAtMs: number | undefined;
  /** When we last noticed an absence of our own. */
  #absentAtMs = -Infinity;
  #isInDoubt = false;

  /** @param nodeId our own */
  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  /** What the living last said. */
  get beats(): Beat[] {
    return [...this.#peers.values()].map((peer) => peer.beat);
  }

  /** Our own beat came back. */
  hearSelf(nowMs: number): void {
    this.#advance(nowMs);
    const heardAtMs = this.#heardSelfAtMs ?? nowMs;
    this.#heardSelfAtMs = nowMs;
    if (nowMs - heardAtMs > SILENT_MS && this.#absentAtMs < heardAtMs) this.#doubt(nowMs);
  }

  /**
   * Takes in another node's beat.
   *
   * @returns whether to ask that node: another instance of it was heard before, and one must be over
   */
  hear(beat: Beat, nowMs: number): boolean {
    this.#advance(nowMs);
    if (beat.is_leaving) {
      this.#peers.delete(beat.instance);
      return false;
    }
    this.#peers.set(beat.instance, { beat, heardAtMs: this.#clockMs, isProven: true });
    return this.#of(beat.node_id).length > 1;
  }

  /** A node that was asked answered; gives the instances of earlier processes of its name, which are over. */
  answered(nodeId: string, instance: Instance, nowMs: number): Instance[] {
    this.#advance(nowMs);
    const peer = this.#peers.get(instance);
    if (peer !== undefined) {
      this.#peers.set(instance, { ...peer, heardAtMs: this.#clockMs, isProven: true });
    }
    const others = this.#forgetAll(this.#of(nodeId).filter((other) => other !== instance));
    return others.filter((other) => !isSameRun(other, instance));
  }

  /** Nobody is there under a node's id; gives its instances, which are all over. */
  absent(nodeId: string): Instance[] {
    return this.#forgetAll(this.#of(nodeId));
  }

  /** An instance is over, says another node. */
  forget(instance: Instance): void {
    this.#peers.delete(instance);
  }

  /** The link to the others is cut, or is back: from here on silence proves nothing. */
  suspend(): void {
    for (const [instance, peer] of this.#peers) {
      this.#peers.set(instance, { ...peer, isProven: false });
    }
  }

  /** Whom to ask and whom to give up, which is told once; call often. */
  judge(nowMs: number): Verdict[] {
    this.#advance(nowMs);
    const verdicts: Verdict[] = this.#isInDoubt ? [{ kind: "doubt" }] : [];
    this.#isInDoubt = false;
    const late = new Set<string>();
    const next = this.#next();
    for (const [instance, { beat, heardAtMs, isProven }] of this.#peers) {
      const silentMs = this.#clockMs - heardAtMs;
      if (!isProven || silentMs < (beat.node_id === next ? NEXT_LATE_MS : LATE_MS)) continue;
      if (silentMs < SILENT_MS) late.add(beat.node_id);
      else {
        this.#peers.delete(instance);
        verdicts.push({ kind: "dead", instance });
      }
    }
    for (const nodeId of late) verdicts.push({ kind: "ask", nodeId });
    return verdicts;
  }

  #advance(nowMs: number): void {
    const passedMs = nowMs - (this.#lookedAtMs ?? nowMs);
    this.#lookedAtMs = nowMs;
    if (passedMs > SILENT_MS / 2) this.#doubt(nowMs);
    const isDeaf = this.#heardSelfAtMs === undefined || nowMs - this.#heardSelfAtMs > DEAF_MS;
    if (!isDeaf) this.#clockMs += Math.min(passedMs, ATTENTION_MS);
  }

  /** Whom we look after: nodes sit in a ring, so that each is looked after by one other. */
  #next(): string | undefined {
    let first: string | undefined;
    let next: string | undefined;
    for (const { beat: { node_id: id } } of this.#peers.values()) {
      if (first === undefined || id < first) first = id;
      if (id > this.#nodeId && (next === undefined || id < next)) next = id;
    }
    return next ?? first;
  }

  #doubt(nowMs: number): void {
    this.#absentAtMs = nowMs;
    this.#isInDoubt = true;
  }

  #of(nodeId: string): Instance[] {
    return [...this.#peers.values()]
      .filter(({ beat }) => beat.node_id === nodeId)
      .map(({ beat }) => beat.instance);
  }

  #forgetAll(instances: readonly Instance[]): Instance[] {
    for (const instance of instances) this.#peers.delete(instance);
    return [...instances];
  }
}
