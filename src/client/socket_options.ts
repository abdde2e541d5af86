import type { WebSocketConstructor } from "./client_options.ts";

const SCHEMES: Readonly<Record<string, string>> = {
  "http:": "ws:",
  "https:": "wss:",
  "ws:": "ws:",
  "wss:": "wss:",
};

/**
 * The address that a WebSocket takes: `ws:` or `wss:`, absolute.
 *
 * @throws {TypeError} it is none, and cannot be made one
 */
export function socketUrl(url: string | URL): string {
  const { location } = globalThis as { location?: { readonly href: string } };
  const text = String(url);
  const parsed = parse(text, location?.href);
  const scheme = SCHEMES[parsed?.protocol ?? ""];
  if (parsed === null || scheme === undefined) {
    throw new TypeError(`"${text}" is not an address of a gateway: give one like wss://host/ws`);
  }
  parsed.protocol = scheme;
  parsed.hash = "";
  return parsed.href;
}

function parse(text: string, base: string | undefined): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}

/**
 * The WebSocket to use: the given one, or the runtime's.
 *
 * @throws {TypeError} there is none
 */
export function socketConstructor(given: WebSocketConstructor | undefined): WebSocketConstructor {
  const Socket = given ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
  if (Socket === undefined) {
    throw new TypeError("This runtime has no WebSocket: pass one as options.WebSocket, as of ws");
  }
  return Socket;
}
