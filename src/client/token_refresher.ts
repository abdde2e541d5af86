import type { RefreshResult } from "../protocol/methods.ts";
import { backoffMs } from "./backoff.ts";
import { ClientError } from "./client_error.ts";
import { type ClientEnvironment, pause } from "./environment.ts";
import type { TokenSource } from "./token_source.ts";

/** Gives the connection a new token before the old one runs out, without reconnecting. */
export class TokenRefresher {
  readonly #tokens: TokenSource;
  readonly #environment: ClientEnvironment;
  readonly #refresh: (token: string, signal: AbortSignal) => Promise<RefreshResult>;
  readonly #failed: (error: unknown) => void;
  #running: AbortController | null = null;

  /**
   * @param refresh calls `auth.refresh`
   * @param failed is told of each try that failed; there will be another
   */
  constructor(
    tokens: TokenSource,
    environment: ClientEnvironment,
    refresh: (token: string, signal: AbortSignal) => Promise<RefreshResult>,
    failed: (error: unknown) => void,
  ) {
    this.#tokens = tokens;
    this.#environment = environment;
    this.#refresh = refresh;
    this.#failed = failed;
  }

  /** The connection's token runs out: tries until there is a later one, or the connection is gone. */
  async start(expiresAt: string): Promise<void> {
    if (this.#tokens.fixed || this.#running !== null) return;
    const running = this.#running = new AbortController();
    for (let attempt = 0; !running.signal.aborted; attempt++) {
      if (await this.#try(expiresAt, running.signal)) break;
      await pause(this.#environment, backoffMs(attempt, this.#environment.random), running.signal);
    }
    if (this.#running === running) this.#running = null;
  }

  /** The connection is gone. */
  stop(): void {
    this.#running?.abort();
    this.#running = null;
  }

  async #try(expiresAt: string, signal: AbortSignal): Promise<boolean> {
    try {
      const { expires_at } = await this.#refresh(await this.#tokens.next(signal), signal);
      // A token function that gives the old token again would otherwise be asked without a pause.
      if (Date.parse(expires_at) > Date.parse(expiresAt)) return true;
      throw new ClientError("token_failed", "The token function gave a token that lives no longer");
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
      return false;
    }
  }
}
