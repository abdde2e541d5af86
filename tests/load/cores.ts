/**
 * `deno run -A tests/load/cores.ts`: what a second process gains on a machine of two cores; docs/guides/more_cores.md
 * has what came of it. Linux, two cores or more.
 *
 * Closed loops of requests from two threads of a loader that speaks to the sockets through the C
 * library: first all to one gateway, then half of them to each of two.
 *
 * @module
 */
import { startGateway } from "../support/gateway.ts";
import { startNats } from "../support/servers/nats_server.ts";
import { startRedis } from "../support/servers/redis_server.ts";
import { startRedisRest } from "../support/servers/redis_rest_server.ts";
import type { CoresTask } from "./cores_thread.ts";
import { processorMs } from "./processor_use.ts";

const ROUNDS = 5;
const SECONDS = 4;
const THREADS = 2;
const CLIENTS_PER_THREAD = 50;
const OUTSTANDING = 8;

interface Result {
  readonly perSecond: number;
  /** Processor time of the gateways for one answer, in µs. */
  readonly gatewayUs: number;
  /** Cores that the loader used. */
  readonly loaderCores: number;
}

await using servers = new AsyncDisposableStack();
const redis = servers.use(await startRedis());
const nats = servers.use(await startNats());
const rest = servers.use(await startRedisRest({ redisUrl: redis.url }));
const backends = { restUrl: rest.url, restToken: rest.token, natsUrl: nats.url };
const env = { NATS_PREFIX: "cores", RATE_LIMIT_MESSAGES: "0", PRESENCE_AUTO_SUBSCRIBE: "none" };
const gateways = [
  servers.use(await startGateway({ backends, env })),
  servers.use(await startGateway({ backends, env })),
];

async function measure(urls: readonly string[], prefix: string): Promise<Result> {
  const used = () => gateways.reduce((sum, { pid }) => sum + processorMs(pid), 0);
  const workers = await Promise.all(Array.from({ length: THREADS }, async (_, thread) => {
    const gateway = gateways.find(({ url }) => url === urls[thread % urls.length]);
    if (gateway === undefined) throw new Error("There is no such gateway");
    const tokens = await Promise.all(
      Array.from(
        { length: CLIENTS_PER_THREAD },
        (_, n) => gateway.token(`${prefix}${thread}_${n}`),
      ),
    );
    const task: CoresTask = {
      port: gateway.port,
      tokens,
      outstanding: OUTSTANDING,
      durationMs: SECONDS * 1000,
    };
    const worker = new Worker(new URL("cores_thread.ts", import.meta.url), { type: "module" });
    return { worker, task };
  }));
  const beforeMs = used();
  const loaderBeforeMs = processorMs(Deno.pid);
  const answers = await Promise.all(workers.map(({ worker, task }) => run(worker, task)));
  const total = answers.reduce((sum, count) => sum + count, 0);
  return {
    perSecond: total / SECONDS,
    gatewayUs: (used() - beforeMs) * 1000 / total,
    loaderCores: (processorMs(Deno.pid) - loaderBeforeMs) / 1000 / SECONDS,
  };
}

function run(worker: Worker, task: CoresTask): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  worker.onmessage = ({ data }: MessageEvent<number>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  worker.postMessage(task);
  return promise.finally(() => worker.terminate());
}

function show(what: string, { perSecond, gatewayUs, loaderCores }: Result): void {
  console.log(
    `${what}: ${Math.round(perSecond)}/s, ${gatewayUs.toFixed(2)} µs of a gateway for each, ` +
      `${loaderCores.toFixed(2)} cores of the loader`,
  );
}

const [one, two] = gateways.map(({ url }) => url);
for (let round = 0; round < ROUNDS; round++) {
  const alone = await measure([one ?? ""], `a${round}`);
  const both = await measure([one ?? "", two ?? ""], `b${round}`);
  show("one process  ", alone);
  show("two processes", both);
  console.log(`× ${(both.perSecond / alone.perSecond).toFixed(2)}`);
}
