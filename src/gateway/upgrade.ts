import type { Config, OriginPolicy } from "../config.ts";
import { CloseCode } from "../protocol/close_codes.ts";
import { ErrorCode, RpcError } from "../protocol/errors.ts";
import {
  SUBPROTOCOL,
  SUBPROTOCOL_BATCH,
  SUBPROTOCOL_TOKEN_PREFIX,
} from "../protocol/notifications.ts";
import type { Counters } from "../telemetry/counters.ts";
import { type Identity, TokenError, type VerifyToken } from "./auth.ts";
import { badRequest, httpError } from "./http_error.ts";
import { Opening } from "./opening.ts";
import { encodeNotification } from "./notification.ts";
import type { Socket, SocketListener, WebSocketEngine } from "./socket.ts";

/** How long a refused client of a full or draining node should stay away, in seconds. */
const RETRY_AFTER_S = 5;

/**
 * So many sockets at once are opened only to say why they are refused: nobody knows who holds them,
 * and they count against no other limit. The others are refused before.
 */
const MAX_REFUSED_SOCKETS = 256;

/** What {@linkcode createUpgrade} works with. */
export interface UpgradeOptions {
  readonly config: Pick<Config, "origins" | "allowQueryToken" | "heartbeatIntervalMs">;
  readonly engine: WebSocketEngine;
  readonly verify: VerifyToken;
  readonly counters: Counters;
  /** Why nobody is let in now, besides so many who are about to open; or undefined. */
  readonly closedBecause: (opening: number) => string | undefined;
  /** Takes over an open socket. */
  readonly onOpen: (socket: Socket, identity: Identity, isBatching: boolean) => SocketListener;
}

/** RFC 6455 §4.2.1. */
const VERSION = "13";

/** What a request is to do that is answered with 426. */
const TO_WEBSOCKET = { Upgrade: "websocket", Connection: "Upgrade" };

type TokenSource = "header" | "subprotocol" | "query";

interface PresentedToken {
  readonly token: string;
  readonly source: TokenSource;
}

/** Makes the handler of `GET /ws`: who may connect, and how those who may not are told. */
export function createUpgrade(
  options: UpgradeOptions,
): (request: Request) => Promise<Response> | Response {
  const { config, verify, counters } = options;
  let refusedSockets = 0;
  const opening = new Opening();

  return function upgrade(request) {
    if (!isWebSocket(request)) {
      counters.upgradesRefused.add("not_websocket");
      return httpError(426, badRequest("Connect with a WebSocket"), TO_WEBSOCKET);
    }
    // RFC 6455 §4.4: a client of another version is told which one is spoken here.
    if (request.headers.get("sec-websocket-version") !== VERSION) {
      counters.upgradesRefused.add("handshake");
      return httpError(
        426,
        badRequest(`Connect with version ${VERSION} of the WebSocket protocol`),
        {
          ...TO_WEBSOCKET,
          "Sec-WebSocket-Version": VERSION,
        },
      );
    }
    if (!isAllowedOrigin(request, config.origins)) {
      counters.upgradesRefused.add("origin");
      return httpError(403, new RpcError(ErrorCode.forbidden, undefined, "Origin not allowed"));
    }
    const closed = options.closedBecause(opening.count);
    if (closed !== undefined) return turnAway(closed);
    const offered = offeredSubprotocols(request);
    const presented = findToken(request, offered, config.allowQueryToken);
    if (presented === undefined) return unauthorized(new TokenError("missing"));
    return admit(request, offered, presented);
  };

  async function admit(
    request: Request,
    offered: readonly string[],
    { token, source }: PresentedToken,
  ): Promise<Response> {
    const protocol = [SUBPROTOCOL_BATCH, SUBPROTOCOL].find((name) => offered.includes(name));
    let identity: Identity;
    try {
      identity = await verify(token);
    } catch (error) {
      if (!(error instanceof TokenError)) {
        counters.upgradesRefused.add("key_set");
        return unavailable(error as RpcError);
      }
      if (source !== "subprotocol" || refusedSockets >= MAX_REFUSED_SOCKETS) {
        return unauthorized(error);
      }
      // A browser cannot read the status of a failed upgrade, but it can read a close code.
      counters.upgradesRefused.add(error.reason);
      return accept(request, protocol, (socket) => {
        refusedSockets++;
        return refuse(socket, error, () => refusedSockets--);
      });
    }
    // Others may have come while the token was verified.
    const closed = options.closedBecause(opening.count);
    if (closed !== undefined) return turnAway(closed);
    const isBatching = protocol === SUBPROTOCOL_BATCH;
    return accept(request, protocol, (socket) => options.onOpen(socket, identity, isBatching));
  }

  function accept(
    request: Request,
    protocol: string | undefined,
    onOpen: (socket: Socket) => SocketListener,
  ): Response {
    const isSettled = opening.begin();
    try {
      const idleTimeoutMs = config.heartbeatIntervalMs * 2;
      return options.engine.accept(request, { protocol, idleTimeoutMs }, (socket) => {
        isSettled();
        return onOpen(socket);
      });
    } catch {
      isSettled();
      counters.upgradesRefused.add("handshake");
      return httpError(400, badRequest("Invalid WebSocket handshake"));
    }
  }

  function turnAway(reason: string): Response {
    counters.upgradesRefused.add(reason);
    return unavailable(new RpcError(ErrorCode.unavailable, { part: "gateway", reason }));
  }

  function unauthorized(error: TokenError): Response {
    counters.upgradesRefused.add(error.reason);
    const detail = error.reason === "missing" ? "" : `, error="invalid_token"`;
    return httpError(401, error, { "WWW-Authenticate": `Bearer realm="waygate"${detail}` });
  }

  function unavailable(error: RpcError): Response {
    return httpError(503, error, { "Retry-After": String(RETRY_AFTER_S) });
  }
}

function refuse(socket: Socket, error: TokenError, onEnd: () => void): SocketListener {
  const { code, message } = error;
  const data = { reason: error.reason, close_code: CloseCode.unauthorized };
  socket.send(encodeNotification("system.error", { code, message, data }));
  socket.close(CloseCode.unauthorized, `unauthorized: ${error.reason}`);
  return { onText() {}, onBinary() {}, onTooLarge() {}, onSilence() {}, onEnd };
}

function isAllowedOrigin(request: Request, policy: OriginPolicy): boolean {
  const origin = request.headers.get("origin");
  if (origin === null || policy.kind === "any") return true;
  if (policy.kind === "list") return policy.origins.has(origin);
  // A proxy may have taken TLS off: the host is what counts.
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  const own = request.headers.get("host");
  return own === host || isSameHost(host, `${protocol}//${own}`);
}

/** Whether a URL is of that host: case and a default port make no difference (RFC 9110 §4.2.3). */
function isSameHost(host: string, url: string): boolean {
  return URL.canParse(url) && new URL(url).host === host;
}

/** `Upgrade` is a list, and its names are of any case (RFC 9110 §7.8). */
function isWebSocket(request: Request): boolean {
  const upgrade = request.headers.get("upgrade");
  if (upgrade === "websocket" || upgrade === null) return upgrade !== null;
  return upgrade.toLowerCase().split(",").some((name) => name.trim() === "websocket");
}

function offeredSubprotocols(request: Request): readonly string[] {
  const header = request.headers.get("sec-websocket-protocol");
  return header === null ? [] : header.split(",").map((part) => part.trim());
}

/** First match wins: header, subprotocol, query. */
function findToken(
  request: Request,
  offered: readonly string[],
  allowQuery: boolean,
): PresentedToken | undefined {
  const header = request.headers.get("authorization");
  const bearer = header === null ? null : /^Bearer(?:\s+(.*))?$/i.exec(header);
  if (bearer !== null) return { token: bearer[1]?.trim() ?? "", source: "header" };
  const entry = offered.find((name) => name.startsWith(SUBPROTOCOL_TOKEN_PREFIX));
  if (entry !== undefined) {
    return { token: entry.slice(SUBPROTOCOL_TOKEN_PREFIX.length), source: "subprotocol" };
  }
  if (!allowQuery) return undefined;
  const token = new URL(request.url).searchParams.get("access_token");
  return token === null ? undefined : { token, source: "query" };
}
