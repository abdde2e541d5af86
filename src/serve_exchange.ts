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
  const { method = "GET", rawHeaders } = incoming;
  const target = targetOf(incoming);
  if (target === undefined) return undefined;
  const hasBody = method !== "GET" && method !== "HEAD";
  try {
    return new Request(`${scheme}://${target.host}${target.path}`, {
      method,
      headers: target.host === incoming.headers.host
        ? pairs(rawHeaders)
        : [...pairs(rawHeaders).filter(isNotHost), ["Host", target.host]],
      ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array> } : {}),
    });
  } catch {
    return undefined;
  }
}

/** Where a request came to: a path at `Host`, or an absolute URL, before which `Host` counts for nothing. */
function targetOf({ url = "", headers }: IncomingMessage): Target | undefined {
  // HTTP/1.0 need not say it (RFC 9112 §3.2); the server has refused HTTP/1.1 without.
  if (url.startsWith("/")) return { host: headers.host || "localhost", path: url };
  if (!ABSOLUTE.test(url) || !URL.canParse(url)) return undefined;
  const { host, pathname, search, username, password } = new URL(url);
  return username + password === "" ? { host, path: pathname + search } : undefined;
}

interface Target {
  readonly host: string;
  readonly path: string;
}

/** RFC 9112 §3.2.2. */
const ABSOLUTE = /^https?:\/\//i;

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
  if (hasContent(response) && incoming.method !== "HEAD") {
    outgoing.setHeader("Content-Length", body.length);
  }
  outgoing.writeHead(response.status);
  outgoing.end(body);
}

/** Writes the answer to an upgrade request that is not upgraded, and ends the connection. */
export async function writeResponse(response: Response, socket: Writable): Promise<void> {
  const body = new Uint8Array(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  if (hasContent(response)) headers.set("Content-Length", String(body.length));
  headers.append("Connection", "close");
  const head = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ""}\r\n${head}\r\n`);
  socket.end(body);
}

/** Of what has no content, nothing is to be said of its length (RFC 9110 §8.6). */
function hasContent({ status }: Response): boolean {
  return status !== 204 && status !== 304;
}

function isNotHost([name]: [string, string]): boolean {
  return name.toLowerCase() !== "host";
}

function pairs(rawHeaders: readonly string[]): [string, string][] {
  const entries: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    entries.push([rawHeaders[index] ?? "", rawHeaders[index + 1] ?? ""]);
  }
  return entries;
}
