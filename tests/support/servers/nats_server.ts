/**
 * A real NATS server for tests.
 *
 * @module
 */

import { requireProgram } from "../programs.ts";
import { freePort, onFreePort } from "./free_port.ts";
import { ServerProcess, type ServerSpec } from "./server_process.ts";
import { firstReply } from "./tcp_probe.ts";

/** What {@linkcode startNats} may be told. */
export interface NatsOptions {
  /**
   * Whether the server has JetStream, with a store in its own folder that outlives a restart.
   *
   * @default {true}
   */
  readonly jetstream?: boolean;
  /** Clients must show this user name and {@linkcode password}. */
  readonly user?: string;
  readonly password?: string;
  /** Clients must show this token. */
  readonly token?: string;
  /** Serves plain WebSockets as well, at {@linkcode NatsServer.websocketUrl}. */
  readonly websocket?: boolean;
  /** More lines for the server's configuration file. */
  readonly config?: string;
}

/** A running NATS server. */
export class NatsServer extends ServerProcess {
  /** Where it serves WebSockets (`ws://…`), when it was told to. */
  readonly websocketUrl: string | undefined;

  private constructor(spec: ServerSpec, websocketUrl: string | undefined) {
    super(spec);
    this.websocketUrl = websocketUrl;
  }

  /** Starts a server; {@linkcode startNats} is the short way. */
  static async open(options: NatsOptions): Promise<NatsServer> {
    return await onFreePort(async (port) => {
      const directory = await Deno.makeTempDir({ prefix: "nats_" });
      const name = crypto.randomUUID();
      const websocketPort = options.websocket ? freePort() : undefined;
      const file = `${directory}/nats.conf`;
      await Deno.writeTextFile(
        file,
        configuration(options, { name, port, directory, websocketPort }),
      );
      const spec: ServerSpec = {
        name: "nats-server",
        url: `nats://127.0.0.1:${port}`,
        port,
        directory,
        command: requireProgram("nats-server"),
        args: ["--config", file],
        // The first line, `INFO {…}`, is sent before any TLS or login.
        answers: async () => (await firstReply(port, "\r\n")).includes(name),
      };
      const websocketUrl = websocketPort && `ws://127.0.0.1:${websocketPort}`;
      return await new NatsServer(spec, websocketUrl || undefined).launch();
    });
  }
}

/** Starts a NATS server, with JetStream unless told otherwise. */
export function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  return NatsServer.open(options);
}

interface Place {
  readonly name: string;
  readonly port: number;
  readonly directory: string;
  readonly websocketPort: number | undefined;
}

function configuration(options: NatsOptions, place: Place): string {
  const { jetstream = true, user, password, token, config } = options;
  const lines = [
    `server_name: ${JSON.stringify(place.name)}`,
    `host: "127.0.0.1"`,
    `port: ${place.port}`,
  ];
  if (jetstream) {
    // Streams reserve what they may grow to: many prefixes on one server would use up the disk's size.
    const storeDir = JSON.stringify(place.directory);
    lines.push(`jetstream { store_dir: ${storeDir}, max_file_store: 1TB }`);
  }
  if (token !== undefined) lines.push(`authorization { token: ${JSON.stringify(token)} }`);
  if (user !== undefined) {
    const login = `user: ${JSON.stringify(user)}, password: ${JSON.stringify(password ?? "")}`;
    lines.push(`authorization { ${login} }`);
  }
  if (place.websocketPort !== undefined) {
    lines.push(`websocket { host: "127.0.0.1", port: ${place.websocketPort}, no_tls: true }`);
  }
  if (config !== undefined) lines.push(config);
  return lines.join("\n") + "\n";
}
