import { ClientError } from "./client_error.ts";
import type { TokenFunction } from "./client_options.ts";

/** Where tokens come from: a fixed one, or a function asked for a new one each time. */
export class TokenSource {
  #token: string | TokenFunction;

  constructor(token: string | TokenFunction) {
    this.#token = token;
  }

  /** Whether asking again gives the same token again. */
  get fixed(): boolean {
    return typeof this.#token === "string";
  }

  /** A fixed token is succeeded by one that the server has accepted. */
  replace(token: string): void {
    if (this.fixed) this.#token = token;
  }

  /**
   * The token for the next try.
   *
   * @throws {ClientError} `token_failed`
   */
  async next(signal: AbortSignal): Promise<string> {
    const token = typeof this.#token === "string"
      ? this.#token
      : await ask(this.#token, signal).catch((cause) => {
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
}

/** Asks for a token and stops waiting when the signal is aborted, even if the function goes on. */
function ask(token: TokenFunction, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    Promise.resolve().then(() => token({ signal })).then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", abort);
    });
  });
}
