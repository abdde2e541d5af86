import type { TimerWheel, WheelTimer } from "../timer_wheel.ts";

/** How long before the end a client is told, in ms, unless half the remaining life is shorter. */
const NOTICE_MS = 30_000;

/** A token accepted within the clock skew after its end is good for the rest of the skew. */
const SKEW_MS = 5000;

/** The longest that the wheel is asked to wait at a time: very long lives are waited for in stages. */
const STAGE_MS = 86_400_000;

/** What happens near the end of a token. */
export interface LifetimeListener {
  onExpiring(): void;
  onExpired(): void;
}

/** Ends a connection with its token: a notice first, then the end. */
export class TokenLifetime {
  readonly #wheel: TimerWheel;
  readonly #listener: LifetimeListener;
  #timer: WheelTimer | undefined;

  constructor(wheel: TimerWheel, listener: LifetimeListener) {
    this.#wheel = wheel;
    this.#listener = listener;
  }

  /** Starts over for a token that ends at `expiresAtMs`. */
  start(expiresAtMs: number): void {
    this.stop();
    const remainingMs = expiresAtMs - Date.now();
    const endsAtMs = remainingMs > 0 ? expiresAtMs : expiresAtMs + SKEW_MS;
    const noticeAtMs = endsAtMs - Math.min(NOTICE_MS, Math.max(0, remainingMs) / 2);
    this.#at(noticeAtMs, () => {
      this.#listener.onExpiring();
      this.#at(endsAtMs, () => this.#listener.onExpired());
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #at(instantMs: number, callback: () => void): void {
    const waitMs = instantMs - Date.now();
    this.#timer = waitMs > STAGE_MS
      ? this.#wheel.schedule(STAGE_MS, () => this.#at(instantMs, callback))
      : this.#wheel.schedule(waitMs, callback);
  }
}
