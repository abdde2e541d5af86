/**
 * What the runtime can do at all: its own socket, `JSON.parse` and `JSON.stringify`, nothing else.
 *
 * @module
 */
import { announce, eventOf, pong, verify, welcomeOf } from "./common.mjs";

/** @type {Set<WebSocket>} */
const sockets = new Set();

/** @param {MessageEvent} event @this {WebSocket} */
function onMessage(event) {
  const { id, method, params } = JSON.parse(event.data);
  if (method === "system.ping") {
    this.send(JSON.stringify({ jsonrpc: "2.0", id, result: pong() }));
    return;
  }
  const params_ = eventOf(params);
  const message = JSON.stringify({ jsonrpc: "2.0", method: "player.event", params: params_ });
  for (const socket of sockets) socket.send(message);
}

/** @param {Request} request @param {string} user */
function accept(request, user) {
  // As long as the gateway's heartbeat: it costs a timer for each message, as by default, yet no pings.
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 7200 });
  socket.onopen = () => {
    sockets.add(socket);
    const welcome = { jsonrpc: "2.0", method: "system.welcome", params: welcomeOf(user) };
    socket.send(JSON.stringify(welcome));
  };
  socket.onmessage = onMessage;
  socket.onclose = () => sockets.delete(socket);
  socket.onerror = (event) => event.preventDefault();
  return response;
}

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => announce(port),
}, (request) => {
  const header = request.headers.get("authorization");
  return header === null
    ? accept(request, "anyone")
    : verify(header).then((user) => accept(request, user));
});
