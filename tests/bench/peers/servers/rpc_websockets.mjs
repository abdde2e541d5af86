/**
 * rpc-websockets: methods for requests, subscribed events for fan-out. It has no hook between the
 * upgrade and the client but the one of `ws`.
 *
 * @module
 */
import { Server } from "rpc-websockets";
import { announce, eventOf, pong, verify, welcomeOf } from "./common.mjs";

const server = new Server({
  host: "127.0.0.1",
  port: 0,
  perMessageDeflate: false,
  verifyClient: ({ req }, done) => {
    const header = req.headers.authorization;
    if (header === undefined) {
      done(true);
      return;
    }
    verify(header).then((user) => {
      req.user = user;
      done(true);
    }, () => done(false, 401));
  },
});

server.event("player.event");
server.register("system.ping", () => pong());
server.register("player.sendEvent", (params) => {
  server.emit("player.event", eventOf(params));
  return {};
});
server.wss.on("connection", (socket, request) => {
  const params = welcomeOf(request.user ?? "anyone");
  socket.send(JSON.stringify({ jsonrpc: "2.0", method: "system.welcome", params }));
});
server.on("listening", () => announce(server.wss.address().port));
