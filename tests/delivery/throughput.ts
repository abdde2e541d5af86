/**
 * Measures `player.sendEvent` from user to user: `deno run -A tests/delivery/throughput.ts`. Across two
 * nodes with JetStream, and on one node in memory; first as fast as 16 senders go that each wait for
 * every answer, then at a quarter of that, where the latency is not that of a queue.
 *
 * @module
 */
import { startBackends } from "../support/backends.ts";
import type { GameClient } from "../support/game_client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";
import { player, startNodes } from "./nodes.ts";
import { sendAtRate, sendEvent } from "./sender.ts";

const PAIRS = 16;
const SECONDS = 8;

interface Pair {
  readonly sender: GameClient;
  readonly reader: GameClient;
}

/** How long events took to arrive, in ms: their payload is when they were sent. */
function watch({ reader }: Pair): number[] {
  const latenciesMs: number[] = [];
  reader.socket.onText = (text) => {
    const message = JSON.parse(text);
    if (message.method !== "player.event") return;
    latenciesMs.push(performance.now() - message.params.payload);
  };
  return latenciesMs;
}

async function openPairs(from: GatewayProcess, to: GatewayProcess): Promise<Pair[]> {
  return await Promise.all(Array.from({ length: PAIRS }, async (_, index) => {
    const reader = await player(to, `reader ${index}`);
    await reader.call("system.ping");
    return { reader, sender: await player(from, `sender ${index}`) };
  }));
}

/** Sends without a pause, or at a rate for all pairs together; gives the events a second. */
async function run(what: string, pairs: readonly Pair[], perSecond?: number): Promise<number> {
  const arrived = pairs.map(watch);
  const answeredMs: number[] = [];
  const startedAt = performance.now();
  await Promise.all(pairs.map(async ({ sender, reader }) => {
    const to = { user_id: reader.welcome.user_id };
    const pauseMs = perSecond === undefined ? 0 : 1000 * PAIRS / perSecond;
    let dueAt = startedAt + Math.random() * pauseMs;
    while (performance.now() < startedAt + SECONDS * 1000) {
      const waitMs = dueAt - performance.now();
      if (pauseMs > 0 && waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      dueAt += pauseMs;
      const payload = performance.now();
      await sendEvent(sender, { to, type: "tick", payload });
      answeredMs.push(performance.now() - payload);
    }
  }));
  const rate = answeredMs.length / (performance.now() - startedAt) * 1000;
  const latencies = () => arrived.flat();
  await until(() => latencies().length >= answeredMs.length, { what: "the last events" });
  const figures = (ms: number[]) => {
    const sorted = ms.sort((a, b) => a - b);
    return [0.5, 0.99].map((part) => sorted[Math.floor(sorted.length * part)]?.toFixed(1)).join(
      "/",
    );
  };
  console.log(
    `${what}: ${Math.round(rate)} events/s; p50/p99 to the answer ${figures(answeredMs)} ms,` +
      ` to the reader ${figures(latencies())} ms`,
  );
  return rate;
}

/** One sender that does not wait for its answers. */
async function pipeline(what: string, [pair]: readonly Pair[]): Promise<void> {
  if (pair === undefined) return;
  const userId = pair.reader.welcome.user_id;
  const startedAt = performance.now();
  // More than about 4,000 unanswered messages of one connection are a flood.
  const count = 3000;
  await sendAtRate(pair.sender, { userId, count, perSecond: 100_000 });
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`${what}: one sender, pipelined: ${Math.round(count / seconds)} events/s`);
}

async function measure(what: string, from: GatewayProcess, to: GatewayProcess): Promise<void> {
  const pairs = await openPairs(from, to);
  await run(`${what}, warming up`, pairs, 200);
  const most = await run(`${what}, at most`, pairs);
  await run(`${what}, at a quarter`, pairs, most / 4);
  await pipeline(what, pairs);
  await Promise.all(pairs.flatMap(({ sender, reader }) => [sender.close(), reader.close()]));
}

await using backends = await startBackends();
const env = { RATE_LIMIT_MESSAGES: "0", PRESENCE_AUTO_SUBSCRIBE: "none" };
{
  await using nodes = await startNodes(backends, env);
  await measure("JetStream, two nodes", nodes.a, nodes.b);
}
{
  await using alone = await startGateway({ env });
  await measure("Memory, one node", alone, alone);
}
