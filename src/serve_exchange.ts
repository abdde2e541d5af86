/**
 * Between the messages of `node:http` and those of the fetch standard.
 *
 * @module
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { Readable, type Writable } from "node:stream";
import { badRequest, httpError } from "./gateway/http_error.ts";

/**
 * The request as the fetch standard has it; undefined when it cannot be said there: an authority or
 * a path that makes no URL, a method such as TRACE.
 */
export function toRequest(
  incoming: IncomingMessage,
  scheme: "http" | "https",
): Request | undefined {
  const { method = "GET", url = "", rawHeaders } = incoming;
  const host = incoming.headers.host;
  // An absolute URL, or "//elsewhere/ws", would say where it came to by itself.
  if (host === undefined || !url.startsWith("/")) return undefined;
  const hasBody = method !== "GET" && method !== "HEAD";
  try {
    return new Request(`${scheme}://${host}${url}`, {
      method,
      headers: pairs(rawHeaders),
      ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array> } : {}),
    });
  } catch {
    return undefined;
  }
}

/** What a request is answered with that {@linkcode toRequest} has no words for. */
export function unreadable(): Response {
  return httpError(400, badRequest("Invalid request"));
}

/** Sends the answer; a request that was not read to its end takes its connection along. */
export async function sendResponse(
  response: Response,
  outgoing: ServerResponse,
  incoming: IncomingMessage,
): Promise<void> {
  const body = new Uint8Array(await response.arrayBuffer());
  if (!incoming.complete) outgoing.setHeader("Connection", "close");
  for (const [name, value] of response.headers) outgoing.appendHeader(name, value);
  if (incoming.method !== "HEAD") outgoing.setHeader("Content-Length", body.length);
  outgoing.writeHead(response.status);
  outgoing.end(body);
}

/** Writes the answer to an upgrade request that is not upgraded, and ends the connection. */
export async function writeResponse(response: Response, socket: Writable): Promise<void> {
  const body = new Uint8Array(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  headers.set("Content-Length", String(body.length));
  headers.append("Connection", "close");
  const head = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ""}\r\n${head}\r\n`);
  socket.end(body);
}

function pairs(rawHeaders: readonly string[]): [string, string][] {
  const entries: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    entries.push([rawHeaders[index] ?? "", rawHeaders[index + 1] ?? ""]);
  }
  return entries;
}
