/**
 * An engine whose sockets are linked in memory, and open when a test says so.
 *
 * @module
 */
import type { WebSocketEngine } from "../../src/gateway/socket.ts";
import { type LinkedClient, LinkedSocket } from "../support/linked_sockets.ts";

/** Hand its {@linkcode LinkedEngine.engine} to a gateway, and upgrade requests to the gateway's `fetch`. */
export class LinkedEngine {
  /** Opens the sockets that were accepted, in their order; gives the clients' sides. */
  readonly waiting: (() => LinkedClient)[] = [];

  readonly engine: WebSocketEngine = {
    serve: () => Promise.reject(new Error("A linked engine does not listen")),
    accept: (_request, _options, onOpen) => {
      this.waiting.push(() => {
        const socket = new LinkedSocket();
        socket.listener = onOpen(socket);
        return socket.client;
      });
      // A Response cannot say 101.
      return new Response(null, { status: 204 });
    },
  };
}

/** An upgrade request. */
export function upgradeRequest(token: string): Request {
  const headers = {
    upgrade: "websocket",
    "sec-websocket-version": "13",
    authorization: `Bearer ${token}`,
  };
  return new Request("http://gateway.test/ws", { headers });
}
