/** One peer as the watch sees it. */
export interface WatchedPeer {
  /** When something was last heard of the peer, in ms (monotonic). */
  readonly heardAtMs: number;
  /** Bytes that the peer has not taken yet: a ping would queue behind them. */
  readonly bufferedBytes: number;
  ping(): void;
  /** The peer does not answer; called once, and the watch is over. */
  onSilence(): void;
}

/** Looks in one interval, in heartbeats: the finer, the closer to the limit a peer is dropped. */
const SWEEPS = 8;

/**
 * Finds peers that are gone without a word: who was silent for an interval is pinged, and dropped
 * when nothing has come back before the second one ends. One timer serves all sockets; it stops when
 * there are none. A peer with a backlog is left to those who watch the backlog move.
 */
export class PeerWatch {
  readonly #intervalMs: number;
  readonly #peers = new Map<WatchedPeer, { pingedAtMs: number }>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param intervalMs a peer that is silent for two of them is dropped
   */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  add(peer: WatchedPeer): void {
    this.#peers.set(peer, { pingedAtMs: -Infinity });
    this.#timer ??= setInterval(() => this.sweep(performance.now()), this.#intervalMs / SWEEPS);
  }

  remove(peer: WatchedPeer): void {
    this.#peers.delete(peer);
    if (this.#peers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Looks at every peer as of `nowMs`. */
  sweep(nowMs: number): void {
    const stepMs = this.#intervalMs / SWEEPS;
    for (const [peer, state] of this.#peers) {
      if (nowMs - peer.heardAtMs < this.#intervalMs - stepMs) continue;
      const isPinged = state.pingedAtMs > peer.heardAtMs;
      if (!isPinged) {
        if (peer.bufferedBytes > 0) continue;
        state.pingedAtMs = nowMs;
        peer.ping();
      } else if (
        nowMs - state.pingedAtMs >= this.#intervalMs - stepMs && peer.bufferedBytes === 0
      ) {
        this.remove(peer);
        peer.onSilence();
      }
    }
  }
}
