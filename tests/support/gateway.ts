/**
 * A real gateway, as a process of its own with the permissions that its tasks give it, for tests.
 *
 * @module
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { DEVELOPMENT_SECRET } from "../../src/token_key.ts";
import { signToken } from "../../src/development_tokens.ts";
import type { Backends } from "./backends.ts";
import { onFreePort } from "./servers/free_port.ts";
import { ServerProcess, type ServerSpec } from "./servers/server_process.ts";

/** What {@linkcode startGateway} may be told. */
export interface GatewayProcessOptions {
  /** Variables of the wire contract. `LOG_LEVEL` must let `info` through: the log says when it serves. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Whether it runs in development mode.
   *
   * @default {true}
   */
  readonly development?: boolean;
  readonly region?: string;
  /**
   * The servers that it uses: Redis behind its REST API, NATS, both or none. Gateways that are to
   * see each other share a `NATS_PREFIX`; {@linkcode startGateway} makes a new one unless told.
   */
  readonly backends?: Partial<Pick<Backends, "restUrl" | "restToken" | "natsUrl">>;
}

/** What a token is to say besides its user. */
export interface TokenClaims {
  readonly name?: string;
  /** Space separated. */
  readonly scope?: string;
  /** @default {3600} */
  readonly ttl_s?: number;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A running gateway. */
export class GatewayProcess extends ServerProcess {
  readonly #env: Readonly<Record<string, string>>;
  readonly #outputFile: string;
  readonly #launched: { count: number };

  private constructor(
    spec: ServerSpec,
    env: Readonly<Record<string, string>>,
    launched: { count: number },
  ) {
    super(spec);
    this.#env = env;
    this.#outputFile = outputFile(spec.directory);
    this.#launched = launched;
  }

  /** Starts a gateway; {@linkcode startGateway} is the short way. */
  static open(options: GatewayProcessOptions): Promise<GatewayProcess> {
    return onFreePort(async (port) => {
      const directory = await Deno.makeTempDir({ prefix: "gateway_" });
      const env = environment(options, port);
      const launched = { count: 0 };
      const spec: ServerSpec = {
        name: "gateway",
        url: `${env["TLS_CERT_FILE"] === undefined ? "http" : "https"}://127.0.0.1:${port}`,
        port,
        directory,
        command: Deno.execPath(),
        args: gatewayArguments(options.development ?? true, env),
        env,
        // Each launch adds one line to the same output.
        answers: async () => {
          const output = await Deno.readTextFile(outputFile(directory));
          return (output.match(/\blistening\b/g)?.length ?? 0) === launched.count;
        },
      };
      return await new GatewayProcess(spec, env, launched).launch();
    });
  }

  /** Where clients connect. */
  get wsUrl(): string {
    return `${this.url.replace(/^http/, "ws")}/ws`;
  }

  /** Its `NODE_ID`; the same after a restart. */
  get nodeId(): string {
    return this.#env["NODE_ID"] ?? "";
  }

  /** Its `NATS_PREFIX`. */
  get prefix(): string {
    return this.#env["NATS_PREFIX"] ?? "";
  }

  /** Signs a token that it accepts, with its `JWT_SECRET` or the development secret. */
  token(sub: string, { name, scope, ttl_s = 3600 }: TokenClaims = {}): Promise<string> {
    return signToken({
      sub,
      ttl_s,
      ...(name === undefined ? {} : { name }),
      ...(scope === undefined ? {} : { scope }),
    }, {
      secret: this.#env["JWT_SECRET"] ?? DEVELOPMENT_SECRET,
      issuer: this.#env["JWT_ISSUER"],
      audience: this.#env["JWT_AUDIENCE"],
    });
  }

  /** The log lines so far, parsed; other output, such as the runtime's warnings, is left out. */
  async logLines(): Promise<Record<string, unknown>[]> {
    const output = await Deno.readTextFile(this.#outputFile);
    return output.split("\n").filter((line) => line.startsWith("{")).map((line) =>
      JSON.parse(line)
    );
  }

  protected override launch(): Promise<this> {
    this.#launched.count++;
    return super.launch();
  }
}

/** Starts a gateway on 127.0.0.1 and waits until it serves. */
export function startGateway(options: GatewayProcessOptions = {}): Promise<GatewayProcess> {
  return GatewayProcess.open(options);
}

/**
 * What `deno` is to be given to run the gateway: the flags of the task in deno.json, so that a test
 * fails when a permission is missing there.
 */
export function gatewayArguments(
  development: boolean,
  env: Readonly<Record<string, string>>,
): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  const task: string = tasks[development ? "gateway-dev" : "start"];
  const words = task.slice(task.indexOf("deno run")).split(" ").slice(1);
  return words.map((word) => {
    if (word === "main.ts") return `${ROOT}main.ts`;
    if (!word.startsWith("--allow-read=")) return word;
    return `--allow-read=${readable(word, env).join(",")}`;
  });
}

/** The paths of `--allow-read`; the task's shell adds the files that variables name to `$READ`. */
function readable(word: string, env: Readonly<Record<string, string>>): string[] {
  const bundle = `${ROOT}dist/lobby`;
  if (!word.includes("$READ")) return [bundle];
  const files = ["TLS_CERT_FILE", "TLS_KEY_FILE", "NATS_CREDS_FILE"].map((name) => env[name] ?? "");
  return [bundle, ...files.filter((file) => file !== "")];
}

function environment(options: GatewayProcessOptions, port: number): Record<string, string> {
  const { restUrl, restToken, natsUrl } = options.backends ?? {};
  return {
    HOST: "127.0.0.1",
    PORT: `${port}`,
    NODE_ID: `n${crypto.randomUUID().slice(0, 8)}`,
    NATS_PREFIX: `t${crypto.randomUUID().slice(0, 8)}`,
    LOG_FORMAT: "json",
    ...testEngine(),
    ...(options.region === undefined ? {} : { REGION: options.region }),
    ...(restUrl === undefined ? {} : { UPSTASH_REDIS_REST_URL: restUrl }),
    ...(restToken === undefined ? {} : { UPSTASH_REDIS_REST_TOKEN: restToken }),
    ...(natsUrl === undefined ? {} : { NATS_URL: natsUrl }),
    ...options.env,
  };
}

/** `WEBSOCKET_ENGINE` where `WAYGATE_TEST_ENGINE` asks for one: any test can run on either engine. */
export function testEngine(): Record<string, string> {
  const engine = process.env["WAYGATE_TEST_ENGINE"];
  return engine === undefined ? {} : { WEBSOCKET_ENGINE: engine };
}

function outputFile(directory: string): string {
  return `${directory}/output.log`;
}
