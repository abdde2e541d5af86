/**
 * A gateway in the test's own process, on a real port: for tests that bring their own methods, store
 * or engine, or look inside.
 *
 * @module
 */
import { readConfig } from "../../src/config.ts";
import { DEVELOPMENT_SECRET } from "../../src/token_key.ts";
import { signToken } from "../../src/development_tokens.ts";
import { createGateway, type Gateway, type GatewayOptions } from "../../src/gateway.ts";
import { createDenoEngine } from "../../src/gateway/socket_deno.ts";
import { createWsEngine } from "../../src/gateway/socket_ws.ts";
import type { HttpServer } from "../../src/serve.ts";
import { connect, type ConnectOptions, type GameClient } from "../support/game_client.ts";
import { testEngine, type TokenClaims } from "../support/gateway.ts";

/** What {@linkcode serveGateway} may be told. */
export interface LocalGatewayOptions extends Omit<GatewayOptions, "config"> {
  /** Variables of the wire contract; development mode is on. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A gateway that serves until it is disposed of (`await using`), after its clients. */
export class LocalGateway implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly #server: HttpServer;

  constructor(gateway: Gateway, server: HttpServer) {
    this.gateway = gateway;
    this.#server = server;
  }

  get url(): string {
    return this.#server.url;
  }

  get wsUrl(): string {
    return `${this.url.replace(/^http/, "ws")}/ws`;
  }

  /** Signs a token that it accepts. */
  token(sub: string, { name, scope, ttl_s = 3600 }: TokenClaims = {}): Promise<string> {
    const { tokenIssuer: issuer, tokenAudience: audience } = this.gateway.node.config;
    return signToken({
      sub,
      ttl_s,
      ...(name === undefined ? {} : { name }),
      ...(scope === undefined ? {} : { scope }),
    }, { secret: DEVELOPMENT_SECRET, issuer, audience });
  }

  /** Connects a player. */
  async player(
    sub: string,
    options: Omit<ConnectOptions, "token"> & TokenClaims = {},
  ): Promise<GameClient> {
    return await connect(this.wsUrl, { ...options, token: await this.token(sub, options) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.drain();
    await this.#server.stop();
  }
}

/** Starts a gateway. */
export async function serveGateway(options: LocalGatewayOptions = {}): Promise<LocalGateway> {
  const { env = {}, ...parts } = options;
  const config = readConfig({ ...testEngine(), ...env }, { development: true });
  const engine = config.websocketEngine === "ws" ? createWsEngine(config) : createDenoEngine();
  const gateway = await createGateway({ config, engine, ...parts });
  await gateway.start();
  return new LocalGateway(gateway, await gateway.serve({ hostname: "127.0.0.1", port: 0 }));
}
