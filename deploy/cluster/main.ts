/**
 * `deno task cluster`: two regions on this machine, for real: redis-server, its REST API, nats-server,
 * and a gateway each for `eu` (port 8090) and `us` (8091) in development mode. Ctrl-C ends all.
 *
 * @module
 */
import { freePort, isListening, Program, type ProgramSpec } from "./program.ts";

const REGIONS = [{ region: "eu", port: 8090 }, { region: "us", port: 8091 }];
const REST_TOKEN = crypto.randomUUID();

const directory = await Deno.makeTempDir({ prefix: "waygate_cluster_" });
const ports = { redis: freePort(), rest: freePort(), nats: freePort() };
const root = new URL("../..", import.meta.url).pathname;

const backends: ProgramSpec[] = [
  {
    name: "redis",
    command: "redis-server",
    args: ["--port", `${ports.redis}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
    port: ports.redis,
  },
  {
    name: "nats",
    command: "nats-server",
    args: ["-a", "127.0.0.1", "-p", `${ports.nats}`, "-js", "-sd", `${directory}/nats`],
    port: ports.nats,
  },
  {
    name: "redis-rest",
    command: Deno.execPath(),
    args: ["task", "redis-rest"],
    port: ports.rest,
    env: {
      REDIS_URL: `redis://127.0.0.1:${ports.redis}`,
      PORT: `${ports.rest}`,
      REDIS_REST_TOKEN: REST_TOKEN,
    },
  },
];

const gateways: ProgramSpec[] = REGIONS.map(({ region, port }) => ({
  name: region,
  command: Deno.execPath(),
  args: ["task", "gateway-dev"],
  port,
  env: {
    PORT: `${port}`,
    REGION: region,
    NODE_ID: `${region}-1`,
    UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${ports.rest}`,
    UPSTASH_REDIS_REST_TOKEN: REST_TOKEN,
    NATS_URL: `nats://127.0.0.1:${ports.nats}`,
  },
}));

const running: Program[] = [];
let isStopping = false;

/** Gateways first, so that they can say goodbye to the rest. */
async function stop(status: number): Promise<never> {
  if (!isStopping) {
    isStopping = true;
    for (const program of running.toReversed()) await program.stop();
    await Deno.remove(directory, { recursive: true });
  }
  Deno.exit(status);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => void stop(0));
}

async function start(specs: readonly ProgramSpec[]): Promise<void> {
  await Promise.all(specs.map(async (spec) => {
    if (await isListening(spec.port)) {
      throw new Error(`Port ${spec.port} is taken: end what listens there`);
    }
    const program = Program.start(spec, root);
    running.push(program);
    void program.ended.then((code) => {
      if (isStopping) return;
      console.error(`${spec.name} ended with status ${code}: stopping the cluster`);
      void stop(2);
    });
    await program.listening();
  }));
}

try {
  // The REST API and the gateways would wait for what they need, but this keeps the output short.
  await start(backends);
  await start(gateways);
  for (const { region, port } of REGIONS) console.log(`${region}: http://localhost:${port}`);
  console.log(`NATS: nats://127.0.0.1:${ports.nats}`);
  console.log("Ctrl-C ends all");
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  await stop(2);
}
