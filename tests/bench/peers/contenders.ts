import { fileURLToPath } from "node:url";
import {
  COLYSEUS,
  type Dialect,
  JSON_RPC,
  RPC_WEBSOCKETS,
  SOCKET_IO,
  WAYGATE,
  WAYGATE_BATCH,
} from "./dialect.ts";
import { type PeerRuntime, PEERS_CONFIG, SERVERS } from "./peer_runtime.ts";
import { PinnedServer, type ServerSpec } from "./server.ts";

/** One line of the comparison: a server, and how its clients speak. */
export interface Contender {
  readonly name: string;
  readonly server: string;
  readonly dialect: Dialect;
  /** Whether clients are let in by nothing but a token. */
  readonly needsToken: boolean;
  /** Where Waygate's sources are, when not here: an earlier state of them, to compare with. */
  readonly checkout?: string;
}

/** What the others are compared with: what the runtime can do at all. */
export const BASELINE = "bare Deno";

export const CONTENDERS: readonly Contender[] = [
  { name: BASELINE, server: "bare_deno", dialect: JSON_RPC, needsToken: false },
  { name: "Waygate", server: "waygate", dialect: WAYGATE, needsToken: true },
  { name: "Waygate batch", server: "waygate", dialect: WAYGATE_BATCH, needsToken: true },
  { name: "ws", server: "ws", dialect: JSON_RPC, needsToken: false },
  { name: "rpc-websockets", server: "rpc_websockets", dialect: RPC_WEBSOCKETS, needsToken: false },
  { name: "Socket.IO", server: "socket_io", dialect: SOCKET_IO, needsToken: false },
  { name: "Colyseus", server: "colyseus", dialect: COLYSEUS, needsToken: false },
];

/** Another state of Waygate's sources, plain and batch, as two more contenders. */
export function checkedOut(name: string, checkout: string): readonly Contender[] {
  return CONTENDERS.filter(({ server }) => server === "waygate").map((contender) => ({
    ...contender,
    name: contender.name.replace("Waygate", name),
    checkout,
  }));
}

/** Signs the tokens of a run, and is known to every server. */
export const SECRET = "a secret of the benchmark, of more than 32 bytes";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Starts a contender's server. */
export function startServer(
  { server, checkout }: Contender,
  runtime: PeerRuntime,
): Promise<PinnedServer> {
  if (server === "waygate") return PinnedServer.start(waygate(checkout ?? ROOT));
  const listening = /listening (\d+)/;
  const env = { JWT_SECRET: SECRET };
  if (server !== "bare_deno") {
    return PinnedServer.start({ name: server, listening, env, ...runtime(server) });
  }
  return PinnedServer.start({
    name: server,
    listening,
    env,
    command: Deno.execPath(),
    args: ["run", "-A", "--config", PEERS_CONFIG, `${SERVERS}/${server}.mjs`],
    cwd: SERVERS,
  });
}

function waygate(directory: string): ServerSpec {
  return {
    name: "waygate",
    listening: /"address":"http:\/\/[^"]+:(\d+)"/,
    command: Deno.execPath(),
    args: [
      "run",
      "--no-prompt",
      "--allow-net",
      "--allow-env",
      "--allow-read=dist/lobby",
      "main.ts",
    ],
    cwd: directory,
    env: {
      HOST: "127.0.0.1",
      PORT: "0",
      JWT_SECRET: SECRET,
      PRESENCE_AUTO_SUBSCRIBE: "none",
      RATE_LIMIT_MESSAGES: "0",
      MAX_CONNECTIONS: "100000",
      // Heartbeats would fall into some measurements and not into others.
      HEARTBEAT_INTERVAL_MS: "3600000",
      LOG_FORMAT: "json",
    },
  };
}
