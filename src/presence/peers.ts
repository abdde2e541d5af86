import type { Beat } from "./beat.ts";
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
/** After our own beat has come back, what others said before has so long to come as well, in ms. */
const BEHIND_MS = 100;
/** Nobody has to be there for so long, in ms: who only changes servers is gone for a moment, too. */
const ABSENT_MS = 250;
/**
 * After a cut of our own, everyone has so long to be heard again, in ms of listening: who is silent for
 * longer than that is judged like any other.
 */
const RETURN_MS = 5000;
/** A node that has beaten more often than that was there before it was first heard. */
const FIRST_BEATS = 3;

interface Peer {
  readonly beat: Beat;
  /** By the listening clock; or since when its silence proves nothing. */
  readonly heardAtMs: number;
  /** False after a cut of our own: then silence may be ours, for a while. */
  readonly isProven: boolean;
  /** Since when nobody is there under its name, by the listening clock. */
  readonly absentSinceMs?: number;
  /** Our last beat when it had been silent for too long. */
  readonly suspectedAtSeq?: number;
  /** When a later beat of ours came back, by the listening clock. */
  readonly confirmedAtMs?: number;
}

/** What is to be done now. */
export type Verdict =
  /** Ask the node which of its instances lives, if any. */
  | { readonly kind: "ask"; readonly nodeId: string }
  /** Beat now: whoever is silent is given up only when we have heard ourselves once more. */
  | { readonly kind: "beat" }
  | { readonly kind: "dead"; readonly instance: Instance }
  /** We were absent for so long that the others may have given us up. */
  | { readonly kind: "doubt" }
  /** Something that a peer said did not reach us. */
  | { readonly kind: "missed" };

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
  /** How long we have not heard ourselves, while this process did not stand still. */
  #deafMs = Infinity;
  #sentSeq = 0;
  /** When we last noticed an absence of our own. */
  #absentAtMs = -Infinity;
  #isInDoubt = false;
  #hasMissed = false;

  /** @param nodeId our own */
  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  /** What the living last said. */
  get beats(): Beat[] {
    return [...this.#peers.values()].map((peer) => peer.beat);
  }

  /** A beat of our own goes out now; gives its number. */
  beat(): number {
    return ++this.#sentSeq;
  }

  /** Our own beat came back. */
  hearSelf(seq: number, nowMs: number): void {
    this.#advance(nowMs);
    const heardAtMs = this.#heardSelfAtMs ?? nowMs;
    this.#heardSelfAtMs = nowMs;
    this.#deafMs = 0;
    if (nowMs - heardAtMs > SILENT_MS && this.#absentAtMs < heardAtMs) this.#doubt(nowMs);
    for (const [instance, peer] of this.#peers) {
      const { suspectedAtSeq = Infinity, confirmedAtMs = this.#clockMs } = peer;
      if (seq > suspectedAtSeq) this.#peers.set(instance, { ...peer, confirmedAtMs });
    }
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
    if (this.#isBehind(beat)) this.#hasMissed = true;
    this.#peers.set(beat.instance, { beat, heardAtMs: this.#clockMs, isProven: true });
    return this.#of(beat.node_id).length > 1;
  }

  /** A node that was asked answered; gives the instances of earlier processes of its name, which are over. */
  answered(nodeId: string, instance: Instance, nowMs: number): Instance[] {
    this.#advance(nowMs);
    const beat = this.#peers.get(instance)?.beat;
    if (beat !== undefined) {
      this.#peers.set(instance, { beat, heardAtMs: this.#clockMs, isProven: true });
    }
    const others = this.#of(nodeId).filter((other) => other !== instance);
    for (const other of others) this.#peers.delete(other);
    return others.filter((other) => !isSameRun(other, instance));
  }

  /** Nobody is there under a node's id; gives its instances once that was so for a while: they are over. */
  absent(nodeId: string, nowMs: number): Instance[] {
    this.#advance(nowMs);
    return this.#of(nodeId).filter((instance) => {
      const peer = this.#peers.get(instance);
      // After a cut of our own it may just not be back yet.
      if (peer === undefined || !peer.isProven) return false;
      const { absentSinceMs = this.#clockMs } = peer;
      if (this.#clockMs - absentSinceMs >= ABSENT_MS) return this.#peers.delete(instance);
      this.#peers.set(instance, { ...peer, absentSinceMs });
      return false;
    });
  }

  /** An instance is over, says another node. */
  forget(instance: Instance): void {
    this.#peers.delete(instance);
  }

  /**
   * The link to the others is cut, or is back: from here on silence proves nothing. What was missed
   * meanwhile is for the caller to make up for.
   */
  suspend(): void {
    this.#deafMs = Infinity;
    for (const [instance, { beat: { seq: _, ...beat } }] of this.#peers) {
      this.#peers.set(instance, { beat, heardAtMs: this.#clockMs, isProven: false });
    }
  }

  /** Whom to ask and whom to give up, which is told once; call often. */
  judge(nowMs: number): Verdict[] {
    this.#advance(nowMs);
    const verdicts: Verdict[] = this.#notices();
    const late = new Set<string>();
    const next = this.#next();
    for (const [instance, peer] of this.#peers) {
      const { beat, heardAtMs, isProven, confirmedAtMs = Infinity } = peer;
      const silentMs = this.#clockMs - heardAtMs;
      if (!isProven && silentMs >= RETURN_MS) {
        this.#peers.set(instance, { beat, heardAtMs: this.#clockMs, isProven: true });
      }
      if (!isProven || silentMs < (beat.node_id === next ? NEXT_LATE_MS : LATE_MS)) continue;
      if (this.#clockMs - confirmedAtMs >= BEHIND_MS) {
        this.#peers.delete(instance);
        verdicts.push({ kind: "dead", instance });
        continue;
      }
      late.add(beat.node_id);
      if (silentMs < SILENT_MS || peer.suspectedAtSeq !== undefined) continue;
      this.#peers.set(instance, { ...peer, suspectedAtSeq: this.#sentSeq });
      verdicts.push({ kind: "beat" });
    }
    for (const nodeId of late) verdicts.push({ kind: "ask", nodeId });
    return verdicts;
  }

  #advance(nowMs: number): void {
    const passedMs = nowMs - (this.#lookedAtMs ?? nowMs);
    this.#lookedAtMs = nowMs;
    if (passedMs > SILENT_MS / 2) this.#doubt(nowMs);
    const attentiveMs = Math.min(passedMs, ATTENTION_MS);
    const wasDeaf = this.#deafMs > DEAF_MS;
    this.#deafMs += attentiveMs;
    if (this.#deafMs <= DEAF_MS) this.#clockMs += attentiveMs;
    // What keeps our own words keeps theirs, and may have cut them off on its other side.
    else if (!wasDeaf) this.#distrustSilence();
  }

  #distrustSilence(): void {
    for (const [instance, { beat }] of this.#peers) {
      this.#peers.set(instance, { beat, heardAtMs: this.#clockMs, isProven: false });
    }
  }

  #notices(): Verdict[] {
    const verdicts: Verdict[] = [];
    if (this.#isInDoubt) verdicts.push({ kind: "doubt" });
    if (this.#hasMissed) verdicts.push({ kind: "missed" });
    this.#isInDoubt = this.#hasMissed = false;
    return verdicts;
  }

  /** Whether something that a node said before this beat was not heard here. */
  #isBehind({ instance, seq }: Beat): boolean {
    if (seq === undefined) return false;
    const known = [...this.#peers.values()].filter((it) => isSameRun(it.beat.instance, instance));
    if (known.length > 0) return known.every(({ beat }) => seq > (beat.seq ?? seq) + 1);
    // Whoever has only just begun to listen has missed nothing by that.
    return seq > FIRST_BEATS && this.#sentSeq > FIRST_BEATS;
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
}
