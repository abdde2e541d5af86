/**
 * One player in a process of their own, who pings all the time. Prints `ready` once welcomed; when
 * standard input ends, prints how long the answers took, in ms, as a JSON array.
 *
 * @module
 */
const INTERVAL_MS = 10;

const [url = "", token = ""] = Deno.args;
const socket = new WebSocket(url, ["waygate.v1", `bearer.${token}`]);
const sentAt = new Map<number, number>();
const took: number[] = [];
let lastId = 0;

function ping(): void {
  const id = ++lastId;
  sentAt.set(id, performance.now());
  socket.send(JSON.stringify({ jsonrpc: "2.0", id, method: "system.ping", params: {} }));
}

socket.onmessage = ({ data }) => {
  const text = String(data);
  if (text.startsWith('{"jsonrpc":"2.0","method":"system.welcome"')) {
    console.log("ready");
    setInterval(ping, INTERVAL_MS);
    return;
  }
  // What the server pushes is large and not parsed here: it would only delay the measure.
  const id = /^\{"jsonrpc":"2.0","id":(\d+)/.exec(text.slice(0, 40))?.[1];
  const at = sentAt.get(Number(id));
  if (at === undefined) return;
  sentAt.delete(Number(id));
  took.push(performance.now() - at);
};

for await (const _ of Deno.stdin.readable) {
  // Nothing is said: only its end counts.
}
// Whatever is not answered yet took at least until now.
for (const at of sentAt.values()) took.push(performance.now() - at);
console.log(JSON.stringify(took));
Deno.exit(0);
