/**
 * A client that minds its own business, in a process of its own so that no work of the test shows in
 * its figures: `bystander.ts WS_URL TOKEN INTERVAL_MS MIN_PINGS`. It pings; when its standard input has
 * ended and there were enough pings it writes a {@linkcode BystanderReport} to its standard output.
 *
 * @module
 */

/** What a bystander saw. Times in ms. */
export interface BystanderReport {
  readonly pings: number;
  readonly unanswered: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** How late its own timer came, at the 99th percentile: what the machine adds by itself. */
  readonly ownDelayP99: number;
  /** Close code, when its connection ended before it was asked to. */
  readonly closed: number | null;
}

const LIMIT_MS = 10_000;

async function until(condition: () => boolean): Promise<void> {
  const deadlineAt = performance.now() + LIMIT_MS;
  while (!condition() && performance.now() < deadlineAt) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

async function ended(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _chunk of stream) {
    // Only its end matters.
  }
}

async function run(
  url: string,
  token: string,
  intervalMs: number,
  minPings: number,
): Promise<BystanderReport> {
  const socket = new WebSocket(url, ["waygate.v1", `bearer.${token}`]);
  const sentAt = new Map<number, number>();
  const took: number[] = [];
  const delays: number[] = [];
  let pings = 0;
  let closed: number | null = null;
  socket.onclose = ({ code }) => closed = code;
  const ready = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    const { id, method } = JSON.parse(data);
    if (method === "system.welcome") ready.resolve();
    const at = sentAt.get(id);
    if (at === undefined) return;
    sentAt.delete(id);
    took.push(performance.now() - at);
  };
  await ready.promise;
  console.log("ready");
  const startedAt = performance.now();
  const timer = setInterval(() => {
    delays.push(performance.now() - startedAt - (delays.length + 1) * intervalMs);
    if (socket.readyState !== WebSocket.OPEN) return;
    sentAt.set(++pings, performance.now());
    socket.send(`{"jsonrpc":"2.0","id":${pings},"method":"system.ping"}`);
  }, intervalMs);
  await ended(Deno.stdin.readable);
  await until(() => pings >= minPings || closed !== null);
  clearInterval(timer);
  await until(() => sentAt.size === 0 || closed !== null);
  const code = closed;
  socket.onclose = null;
  socket.close();
  took.sort((a, b) => a - b);
  // A timer that was late once stays late: what counts is how much from one time to the next.
  const steps = delays.map((delay, index) => delay - (delays[index - 1] ?? 0)).sort((a, b) =>
    a - b
  );
  return {
    pings,
    unanswered: sentAt.size,
    p50: percentile(took, 0.5),
    p99: percentile(took, 0.99),
    max: took.at(-1) ?? 0,
    ownDelayP99: percentile(steps, 0.99),
    closed: code,
  };
}

const [url = "", token = "", intervalMs, minPings] = Deno.args;
console.log(JSON.stringify(await run(url, token, Number(intervalMs), Number(minPings))));
Deno.exit(0);
