import { connectNatsBus } from "../../src/bus/bus_nats.ts";
import { hasJetStream } from "../../src/events/stream_jetstream.ts";
import { freePort } from "../support/servers/free_port.ts";
import { type NatsServer, startNats } from "../support/servers/nats_server.ts";
import { until } from "../support/wait.ts";

/** Servers that replicate. */
export interface NatsCluster extends AsyncDisposable {
  /** By the names that they have in the cluster. */
  readonly servers: ReadonlyMap<string, NatsServer>;
  /** All addresses, as a client takes them. */
  readonly urls: string;
}

/** Starts a cluster of `size` servers and waits until its JetStream has a leader. */
export async function startNatsCluster(size = 3): Promise<NatsCluster> {
  await using stack = new AsyncDisposableStack();
  const ports = Array.from({ length: size }, freePort);
  const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(", ");
  const servers = new Map<string, NatsServer>();
  for (const port of ports) {
    const config = `cluster { name: test, listen: "127.0.0.1:${port}", routes: [${routes}] }`;
    const server = stack.use(await startNats({ config }));
    servers.set(await nameOf(server), server);
  }
  const urls = [...servers.values()].map(({ url }) => url).join(",");
  await leaderOf(urls);
  const started = stack.move();
  return { servers, urls, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

async function nameOf({ url }: NatsServer): Promise<string> {
  const bus = connectNatsBus({ servers: url, name: "test" });
  const name = (await bus.connection()).info?.server_name;
  await bus.close();
  if (name === undefined) throw new Error("The server has no name");
  return name;
}

async function leaderOf(urls: string): Promise<void> {
  const bus = connectNatsBus({ servers: urls, name: "test" });
  const connection = await bus.connection();
  try {
    await until(() => hasJetStream(connection), { what: "a JetStream leader", timeoutMs: 30_000 });
  } finally {
    await bus.close();
  }
}
