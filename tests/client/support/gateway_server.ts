/**
 * A real gateway in development mode, as a process of its own: presence and events in its memory.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { testEngine } from "../../support/gateway.ts";
import { onFreePort } from "../../support/servers/free_port.ts";
import { ServerProcess, type ServerSpec } from "../../support/servers/server_process.ts";

const ENTRY = fileURLToPath(new URL("../../../main.ts", import.meta.url));

/** What a token is to say. */
export interface TokenRequest {
  readonly sub: string;
  readonly name?: string;
  readonly scope?: string;
  readonly ttl_s?: number;
}

/** A running gateway. */
export class GatewayServer extends ServerProcess {
  private constructor(spec: ServerSpec) {
    super(spec);
  }

  /** Starts a gateway; {@linkcode startGateway} is the short way. */
  static async open(environment: Readonly<Record<string, string>>): Promise<GatewayServer> {
    return await onFreePort(async (port) => {
      const url = `http://127.0.0.1:${port}`;
      return await new GatewayServer({
        name: "gateway",
        url,
        port,
        directory: await Deno.makeTempDir({ prefix: "gateway_" }),
        command: Deno.execPath(),
        args: ["run", "--no-prompt", "--no-check", "--allow-all", ENTRY, "--dev"],
        env: { HOST: "127.0.0.1", PORT: `${port}`, LOBBY: "off", ...testEngine(), ...environment },
        answers: async () => {
          const response = await fetch(`${url}/healthz`);
          await response.body?.cancel();
          return response.ok;
        },
      }).launch();
    });
  }

  /** Where clients connect. */
  get socketUrl(): string {
    return `${this.url.replace("http", "ws")}/ws`;
  }

  /** A token that the gateway has signed. */
  async token(request: TokenRequest): Promise<string> {
    const response = await fetch(`${this.url}/dev/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    const { token } = await response.json();
    return token;
  }
}

/**
 * Starts a gateway.
 *
 * @param environment variables beside the address
 */
export function startGateway(
  environment: Readonly<Record<string, string>> = {},
): Promise<GatewayServer> {
  return GatewayServer.open(environment);
}
