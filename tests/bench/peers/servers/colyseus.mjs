/**
 * Colyseus: one room, its messages for requests, `broadcast` for fan-out, and its own matchmaking in
 * front of every connection.
 *
 * @module
 */
import { Room, Server } from "@colyseus/core";
import { WebSocketTransport } from "@colyseus/ws-transport";
import { announce, eventOf, pong, verify, welcomeOf } from "./common.mjs";

class Bench extends Room {
  maxClients = 100_000;
  autoDispose = false;

  static async onAuth(token) {
    return { user: token === undefined ? "anyone" : await verify(`Bearer ${token}`) };
  }

  onCreate() {
    this.onMessage("system.ping", (client) => client.send("pong", pong()));
    this.onMessage("player.sendEvent", (_client, params) => {
      this.broadcast("player.event", eventOf(params));
    });
  }

  onJoin(client, _options, auth) {
    client.send("system.welcome", welcomeOf(auth.user));
  }
}

const transport = new WebSocketTransport({ pingInterval: 0, perMessageDeflate: false });
const server = new Server({ transport, greet: false });
server.define("bench", Bench);
await server.listen(0, "127.0.0.1");
announce(transport.server.address().port);
