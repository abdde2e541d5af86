/**
 * Socket.IO over its WebSocket transport: acknowledged events for requests, `emit` for fan-out.
 *
 * @module
 */
import { createServer } from "node:http";
import { Server } from "socket.io";
import { announce, eventOf, pong, verify, welcomeOf } from "./common.mjs";

const server = createServer();
const io = new Server(server, {
  transports: ["websocket"],
  perMessageDeflate: false,
  serveClient: false,
  // Its own heartbeat would fall into some measurements and not into others.
  pingInterval: 3_600_000,
});

io.use((socket, next) => {
  const header = socket.handshake.headers.authorization;
  if (header === undefined) {
    next();
    return;
  }
  verify(header).then((user) => {
    socket.data.user = user;
    next();
  }, next);
});

io.on("connection", (socket) => {
  socket.on("system.ping", (_params, reply) => reply(pong()));
  socket.on("player.sendEvent", (params) => io.emit("player.event", eventOf(params)));
  socket.emit("system.welcome", welcomeOf(socket.data.user ?? "anyone"));
});

server.listen(0, "127.0.0.1", () => announce(server.address().port));
