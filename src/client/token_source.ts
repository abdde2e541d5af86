import { ClientError } from "./client_error.ts";
import type { TokenFunction } from "./client_options.ts";
import type { ClientEnvironment } from "./environment.ts";

/**
 * Where tokens come from: a fixed one, or a function asked for a new one each time. Knows the one in
 * use, so that none is used again that the server has refused.
 */
export class TokenSource {
  #token: string | TokenFunction;
  readonly #environment: ClientEnvironment;
  readonly #timeoutMs: number;
  #used: string | null = null;
  #refused: string | null = null;

  /** @param timeoutMs how long the function may take, in ms */
  constructor(token: string | TokenFunction, environment: ClientEnvironment, timeoutMs: number) {
    this.#token = token;
    this.#environment = environment;
    this.#timeoutMs = timeoutMs;
  }

  /** Whether asking again gives the same token again. */
  get fixed(): boolean {
    return typeof this.#token === "string";
  }

  /** The connection lives by this token from now on; a fixed one is succeeded by it. */
  use(token: string): void {
    this.#used = token;
    if (this.fixed) this.#token = token;
  }

  /** The server has refused the token in use, or it has run out. */
  refuse(): void {
    this.#refused = this.#used;
  }

  /** Whether a token is the one that was refused last. */
  isRefused(token: string): boolean {
    return token === this.#refused;
  }

  /** A player has signed in anew, perhaps after the clocks were set: every token has its chance. */
  reset(): void {
    this.#refused = null;
  }

  /**
   * The token for the next try.
   *
   * @throws {ClientError} `token_failed`, also when the function took too long
   */
  async next(signal: AbortSignal): Promise<string> {
    const token = typeof this.#token === "string"
      ? this.#token
      : await this.#ask(this.#token, signal).catch((cause) => {
        const detail = cause instanceof Error ? cause.message : String(cause);
        throw new ClientError("token_failed", `The token function failed: ${detail}`, {
          retryable: true,
          cause,
        });
      });
    // It travels as a WebSocket subprotocol, which holds no other characters (RFC 6455 §4.1).
    if (typeof token !== "string" || !/^[\w.-]+$/.test(token)) {
      throw new ClientError("token_failed", "The token is not a JWT: give a string of a.b.c", {
        retryable: !this.fixed,
      });
    }
    return token;
  }

  /** Stops waiting when the signal is aborted or time is up, even if the function goes on. */
  #ask(token: TokenFunction, signal: AbortSignal): Promise<string> {
    const abort = new AbortController();
    return new Promise<string>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const settle = (): void => {
        cancel();
        signal.removeEventListener("abort", aborted);
      };
      const stop = (reason: unknown): void => {
        settle();
        abort.abort(reason);
        reject(reason);
      };
      const aborted = (): void => stop(signal.reason);
      const cancel = this.#environment.setTimer(() => {
        stop(new Error(`It gave no token within ${this.#timeoutMs} ms`));
      }, this.#timeoutMs);
      signal.addEventListener("abort", aborted);
      Promise.resolve().then(() => token({ signal: abort.signal })).then(resolve, reject)
        .finally(settle);
    });
  }
}
