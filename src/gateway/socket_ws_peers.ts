/** One peer as the watch sees it. */
export interface WatchedPeer {
  /** Whether something was heard of the peer since the flag was last cleared. */
  hasSpoken: boolean;
  /** Bytes that the peer has not taken yet: a ping would queue behind them. */
  readonly bufferedBytes: number;
  ping(): void;
  /** The peer does not answer; called once, and the watch is over. */
  onSilence(): void;
}

/** Looks in one interval: the more, the closer to the limit a peer is dropped. */
const SWEEPS = 8;

/** What is remembered of one peer; times in ms (monotonic). */
interface Watched {
  /** When a look found that it had spoken: up to one look after it had. */
  heardAtMs: number;
  pingedAtMs: number | undefined;
}

/**
 * Finds peers that are gone without a word: who was silent for an interval is pinged, and dropped
 * when nothing has come back before the second one ends. One timer serves all sockets; it stops when
 * there are none. A peer with a backlog is left to those who watch the backlog move.
 */
export class PeerWatch {
  readonly #intervalMs: number;
  readonly #stepMs: number;
  readonly #peers = new Map<WatchedPeer, Watched>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param intervalMs a peer that is silent for two of them is dropped
   */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
    this.#stepMs = intervalMs / SWEEPS;
  }

  add(peer: WatchedPeer, nowMs = performance.now()): void {
    this.#peers.set(peer, { heardAtMs: nowMs, pingedAtMs: undefined });
    this.#timer ??= setInterval(() => this.sweep(performance.now()), this.#stepMs);
  }

  remove(peer: WatchedPeer): void {
    this.#peers.delete(peer);
    if (this.#peers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Looks at every peer as of `nowMs`. */
  sweep(nowMs: number): void {
    for (const [peer, watched] of this.#peers) {
      if (peer.hasSpoken) {
        peer.hasSpoken = false;
        watched.heardAtMs = nowMs;
        watched.pingedAtMs = undefined;
      } else if (peer.bufferedBytes === 0) {
        this.#judge(peer, watched, nowMs);
      }
    }
  }

  #judge(peer: WatchedPeer, watched: Watched, nowMs: number): void {
    if (watched.pingedAtMs === undefined) {
      if (nowMs - watched.heardAtMs < this.#intervalMs - 2 * this.#stepMs) return;
      watched.pingedAtMs = nowMs;
      peer.ping();
    } else if (nowMs - watched.pingedAtMs >= this.#intervalMs - this.#stepMs) {
      this.remove(peer);
      peer.onSilence();
    }
  }
}
