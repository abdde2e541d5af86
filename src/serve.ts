/**
 * The HTTP(S) server in front of a gateway. Routes live in `app.ts` alone, whatever the server: it
 * turns requests into `Request`, and `Response` into bytes.
 *
 * @module
 */
import type { TlsFiles } from "./serve_tls.ts";

/** Answers a request; never rejects. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** Where to listen, and how. */
export interface ServeOptions {
  /** Address to listen on; `0.0.0.0` and `::` are all of them. */
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Serves https and wss with this key pair. */
  readonly tls?: TlsFiles | undefined;
}

/** A server that listens. */
export interface HttpServer {
  /** Address that it listens on. */
  readonly hostname: string;
  /** The one in use, also when 0 was asked for. */
  readonly port: number;
  /** `http://host:port` or `https://host:port`, as a client on this machine may use it. */
  readonly url: string;
  /** Listens no longer and cuts what is still open. */
  stop(): Promise<void>;
}

/** The address of a server in a form that can be connected to. */
export function serverUrl(hostname: string, port: number, isSecure: boolean): string {
  const isAny = hostname === "0.0.0.0" || hostname === "::";
  const host = isAny ? "localhost" : hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${isSecure ? "https" : "http"}://${host}:${port}`;
}
