import { Fifo } from "./fifo.ts";
import { REPLAY_MAX_BYTES, retentionMs, type StreamLimits } from "./limits.ts";
import type { Replay, StreamEntry } from "./stream.ts";

interface Kept {
  readonly seq: number;
  /** Undefined once it had to go before its turn. */
  entry: StreamEntry | undefined;
  readonly bytes: number;
  readonly keptAtMs: number;
  readonly lane: Lane;
}

/** One user's events, or the announcements. */
interface Lane {
  readonly userId: string | null;
  readonly entries: Fifo<Kept>;
  /** The newest entry that had to go before its time, and when it went; 0 for none. */
  lostSeq: number;
  lostAtMs: number;
}

const INCOMPLETE: Replay = { complete: false, entries: [] };

/** The entries of the window in memory: the oldest go first, and it is known whose went too early. */
export class KeptEntries {
  readonly #limits: StreamLimits;
  readonly #retentionMs: number;
  readonly #lanes = new Map<string | null, Lane>();
  /** All that are kept, in the order of `seq`. */
  readonly #order = new Fifo<Kept>();
  /** Lanes with a loss, the one with the oldest loss first. */
  readonly #lossy = new Set<Lane>();
  #bytes = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
    this.#retentionMs = retentionMs(limits);
  }

  /**
   * Keeps an entry; `seq` must grow from call to call.
   *
   * @param userId whose it is; null for an announcement
   */
  add(userId: string | null, entry: StreamEntry, bytes: number, nowMs: number): void {
    this.#expire(nowMs);
    const lane = this.#lane(userId);
    const kept: Kept = { seq: entry.seq, entry, bytes, keptAtMs: nowMs, lane };
    lane.entries.push(kept);
    this.#order.push(kept);
    this.#bytes += bytes;
    if (lane.entries.length > this.#limits.maxPerUser) this.#dropFirst(lane, nowMs);
    while (this.#bytes > this.#limits.maxBytes) {
      const oldest = this.#order.shift();
      // The oldest of all is the oldest of its lane, unless it went before its turn.
      if (oldest?.entry) this.#dropFirst(oldest.lane, nowMs);
    }
  }

  /** What is kept of the user's entries after `seq`, and whether that is all there was. */
  after(userId: string, seq: number, nowMs: number): Replay {
    this.#expire(nowMs);
    const entries: StreamEntry[] = [];
    let bytes = 0;
    for (const lane of [this.#lanes.get(userId), this.#lanes.get(null)]) {
      if (lane === undefined) continue;
      if (lane.lostSeq > seq) return INCOMPLETE;
      for (const kept of lane.entries.from((kept) => kept.seq > seq)) {
        if (kept.entry === undefined) continue;
        entries.push(kept.entry);
        bytes += kept.bytes;
      }
    }
    if (bytes > REPLAY_MAX_BYTES) return INCOMPLETE;
    return { complete: true, entries: entries.sort((a, b) => a.seq - b.seq) };
  }

  /** Lets go of what is older than the window. */
  #expire(nowMs: number): void {
    const untilMs = nowMs - this.#retentionMs;
    for (let kept = this.#order.first(); kept; kept = this.#order.first()) {
      if (kept.keptAtMs > untilMs) break;
      this.#order.shift();
      if (kept.entry === undefined) continue;
      this.#removeFirst(kept.lane);
      this.#forgetIfEmpty(kept.lane);
    }
    for (const lane of this.#lossy) {
      if (lane.lostAtMs > untilMs) break;
      this.#lossy.delete(lane);
      lane.lostSeq = 0;
      this.#forgetIfEmpty(lane);
    }
  }

  #dropFirst(lane: Lane, nowMs: number): void {
    lane.lostSeq = this.#removeFirst(lane);
    lane.lostAtMs = nowMs;
    this.#lossy.delete(lane);
    this.#lossy.add(lane);
  }

  /** Removes a lane's oldest entry and returns its `seq`; the lane must have one. */
  #removeFirst(lane: Lane): number {
    const kept = lane.entries.shift();
    if (kept === undefined) throw new Error("Cannot remove an entry from an empty lane");
    kept.entry = undefined;
    this.#bytes -= kept.bytes;
    return kept.seq;
  }

  #lane(userId: string | null): Lane {
    let lane = this.#lanes.get(userId);
    if (lane === undefined) {
      lane = { userId, entries: new Fifo(), lostSeq: 0, lostAtMs: 0 };
      this.#lanes.set(userId, lane);
    }
    return lane;
  }

  #forgetIfEmpty(lane: Lane): void {
    if (lane.entries.length === 0 && lane.lostSeq === 0) this.#lanes.delete(lane.userId);
  }
}
