/**
 * Two regions as deploy/nats/ has them, joined by a network that a test can cut.
 *
 * @module
 */
import { TcpRelay } from "../client/support/tcp_relay.ts";
import { requireProgram } from "../support/programs.ts";
import { freePort } from "../support/servers/free_port.ts";
import { ServerProcess } from "../support/servers/server_process.ts";
import { firstReply } from "../support/servers/tcp_probe.ts";

/** The folder with the configuration. */
export const NATS_FOLDER = new URL("../../deploy/nats/", import.meta.url);

/** The passwords, and all else that the configuration takes from the environment. */
export const NATS_ENVIRONMENT: Readonly<Record<string, string>> = {
  NATS_SYS_PASSWORD: "sys-password",
  NATS_WAYGATE_PASSWORD: "waygate-password",
  NATS_SERVICE_PASSWORD: "service-password",
  NATS_OPERATOR_PASSWORD: "operator-password",
  NATS_ROUTE_PASSWORD: "route-password",
  NATS_REGION_PASSWORD: "region-password",
  NATS_NAME: "nats-1",
  NATS_ROUTE: '"nats://route:route-password@127.0.0.1:6222"',
  NATS_REGION_EU: '"nats://region:region-password@127.0.0.1:7222"',
  NATS_REGION_US: '"nats://region:region-password@127.0.0.1:7223"',
};

/** The super-cluster. */
export interface SuperCluster extends AsyncDisposable {
  /** Addresses, as a client takes them. */
  readonly eu: string;
  readonly us: string;
  /** Nothing gets from one region to the other any more. */
  cut(): void;
  /** Everything does again. */
  heal(): void;
}

/** Three servers where JetStream is, since one cannot elect a leader. */
const SERVERS = ["eu", "eu", "eu", "us"] as const;

/** Starts both regions. */
export async function startSuperCluster(): Promise<SuperCluster> {
  await using stack = new AsyncDisposableStack();
  const routePorts = { eu: freePort(), us: freePort() };
  const places = SERVERS.map((region) => {
    const gatewayPort = freePort();
    return { region, gatewayPort, relay: stack.use(new TcpRelay(gatewayPort)) };
  });
  const link = (region: string) => {
    const ports = places.filter((place) => place.region === region).map(({ relay }) => relay.port);
    return `"nats://region:region-password@127.0.0.1:${ports[0]}"`;
  };
  const regions = { NATS_REGION_EU: link("eu"), NATS_REGION_US: link("us") };
  const servers = await Promise.all(
    places.map(async ({ region, gatewayPort, relay }, index) =>
      stack.use(
        await startServer(region, {
          gatewayPort,
          relayPort: relay.port,
          routePort: places.findIndex((place) => place.region === region) === index
            ? routePorts[region]
            : freePort(),
          env: {
            ...NATS_ENVIRONMENT,
            ...regions,
            NATS_ROUTE: `"nats://route:route-password@127.0.0.1:${routePorts[region]}"`,
          },
        }),
      )
    ),
  );
  const started = stack.move();
  const urlsOf = (region: string) =>
    servers.filter((_, index) => SERVERS[index] === region).map(({ url }) => url).join(",");
  return {
    eu: urlsOf("eu"),
    us: urlsOf("us"),
    cut() {
      for (const { relay } of places) relay.block();
      for (const { relay } of places) relay.cut();
    },
    heal() {
      for (const { relay } of places) relay.unblock();
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

interface Place {
  readonly env: Readonly<Record<string, string>>;
  readonly routePort: number;
  readonly gatewayPort: number;
  /** Where the other region is told to find this server. */
  readonly relayPort: number;
}

async function startServer(region: "eu" | "us", place: Place): Promise<ServerProcess> {
  const { env, routePort, gatewayPort, relayPort } = place;
  const directory = await Deno.makeTempDir({ prefix: `nats_${region}_` });
  const port = freePort();
  const text = await Deno.readTextFile(new URL(`${region}.conf`, NATS_FOLDER));
  const gateway = `listen: 127.0.0.1:${gatewayPort}\n  advertise: "127.0.0.1:${relayPort}"`;
  const config = text
    .replace("listen: 0.0.0.0:4222", `listen: 127.0.0.1:${port}`)
    .replace("listen: 0.0.0.0:6222", `listen: 127.0.0.1:${routePort}`)
    .replace("listen: 0.0.0.0:7222", gateway)
    .replace("http: 127.0.0.1:8222", "")
    .replace("/data/jetstream", `${directory}/jetstream`);
  await Deno.writeTextFile(`${directory}/nats.conf`, config);
  await Deno.copyFile(new URL("accounts.conf", NATS_FOLDER), `${directory}/accounts.conf`);
  const name = `${region}-${crypto.randomUUID()}`;
  return await ServerProcess.start({
    name: `nats-server of ${region}`,
    url: `nats://127.0.0.1:${port}`,
    port,
    directory,
    command: requireProgram("nats-server"),
    args: ["--config", `${directory}/nats.conf`],
    env: { ...env, NATS_NAME: name },
    answers: async () => (await firstReply(port, "\r\n")).includes(name),
  });
}
