import { CloseCode } from "../protocol/close_codes.ts";
import type { ClientError } from "./client_error.ts";
import type { WebSocketConstructor } from "./client_options.ts";
import { type LinkEnd, noLink } from "./connection_reason.ts";
import type { ClientEnvironment } from "./environment.ts";
import { Link, type LinkEvents } from "./link.ts";
import type { TokenSource } from "./token_source.ts";

/** What a connection needs to be made, each time anew. */
export interface DialOptions {
  readonly url: string;
  readonly WebSocket: WebSocketConstructor;
  /** How long one try may take, token and welcome included, in ms. */
  readonly timeoutMs: number;
}

/** What one try tells. */
export interface DialEvents extends LinkEvents {
  /** There is a socket; it need not open. */
  linked(link: Link): void;
  /** The token function failed. */
  failed(error: ClientError): void;
}

/** Makes connections, each with a fresh token; never twice with a token that was refused. */
export class Dialer {
  readonly #options: DialOptions;
  readonly #tokens: TokenSource;
  readonly #environment: ClientEnvironment;

  constructor(options: DialOptions, tokens: TokenSource, environment: ClientEnvironment) {
    this.#options = options;
    this.#tokens = tokens;
    this.#environment = environment;
  }

  /** One try and, if it succeeds, the connection's life. Resolves with its end; never rejects. */
  async dial(signal: AbortSignal, events: DialEvents): Promise<LinkEnd> {
    const { timeoutMs, WebSocket, url } = this.#options;
    const deadline = this.#environment.now() + timeoutMs;
    let token: string;
    try {
      token = await this.#tokens.next(signal);
    } catch (error) {
      if (!signal.aborted) events.failed(error as ClientError);
      return noLink(CloseCode.abnormal, error, "token_failed");
    }
    if (signal.aborted) return noLink(CloseCode.normal, "");
    if (this.#tokens.isRefused(token)) {
      return noLink(CloseCode.unauthorized, "The token function gave the refused token again");
    }
    let link: Link;
    try {
      // A clock that was set back must not make it longer.
      const restMs = Math.min(timeoutMs, Math.max(0, deadline - this.#environment.now()));
      link = new Link({ url, WebSocket, token, timeoutMs: restMs }, this.#environment, events);
    } catch (error) {
      return noLink(CloseCode.abnormal, error);
    }
    this.#tokens.use(token);
    events.linked(link);
    const end = await link.ended;
    if (end.code === CloseCode.unauthorized) this.#tokens.refuse();
    return end;
  }
}
