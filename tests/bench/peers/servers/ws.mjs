/**
 * `ws`, as its documentation authenticates: verify first, then complete the upgrade.
 *
 * @module
 */
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { announce, eventOf, pong, verify, welcomeOf } from "./common.mjs";

const server = createServer();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

server.on("upgrade", (request, stream, head) => {
  const header = request.headers.authorization;
  const accept = (/** @type {string} */ user) => {
    sockets.handleUpgrade(request, stream, head, (socket) => {
      sockets.emit("connection", socket, request, user);
    });
  };
  if (header === undefined) accept("anyone");
  else verify(header).then(accept, () => stream.destroy());
});

sockets.on("connection", (socket, _request, user) => {
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const { id, method, params } = JSON.parse(data);
    if (method === "system.ping") {
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: pong() }));
      return;
    }
    const event = { jsonrpc: "2.0", method: "player.event", params: eventOf(params) };
    const message = JSON.stringify(event);
    for (const client of sockets.clients) client.send(message);
  });
  const welcome = { jsonrpc: "2.0", method: "system.welcome", params: welcomeOf(user) };
  socket.send(JSON.stringify(welcome));
});

server.listen(0, "127.0.0.1", () => announce(server.address().port));
