import { strict as assert } from "node:assert";
import { DEVELOPMENT_SECRET } from "../../src/token_key.ts";
import { connect, HandshakeError, open } from "../support/game_client.ts";
import { gatewayArguments, startGateway } from "../support/gateway.ts";
import { runtimeEnvironment } from "../support/runtime_environment.ts";
import { freePort } from "../support/servers/free_port.ts";
import { until } from "../support/wait.ts";

const SECRET = "a secret of at least thirty-two bytes";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** The command that runs a gateway in production, with nothing in its environment but `env`. */
function command(env: Environment, development = false): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: gatewayArguments(development, env),
    env: { HOST: "127.0.0.1", ...env, ...runtimeEnvironment(), NO_COLOR: "1" },
    clearEnv: true,
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a gateway that is to end by itself. */
async function runToEnd(env: Environment, development = false): Promise<Outcome> {
  const { code, stdout, stderr } = await command(env, development).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** What was said of the configuration; the runtime's own warnings and downloads are not ours. */
function complaints({ stderr }: Outcome): string[] {
  return stderr.split("\n").filter((line) => line !== "" && !/^(?:Warning|Download) /.test(line));
}

/** Runs a gateway until it listens and `meanwhile` is done, then ends it. */
async function runUntil(
  env: Environment,
  signal: Deno.Signal,
  meanwhile: (wsUrl: string) => Promise<void> = () => Promise.resolve(),
): Promise<Outcome> {
  const child = command(env).spawn();
  const output = { stdout: "", stderr: "" };
  const collect = async (name: "stdout" | "stderr") => {
    for await (const text of child[name].pipeThrough(new TextDecoderStream())) output[name] += text;
  };
  const collected = Promise.all([collect("stdout"), collect("stderr")]);
  try {
    const address = await until(
      () => /"address":"http:\/\/([^"]+)"/.exec(output.stdout)?.[1],
      { what: "the gateway to listen", timeoutMs: 15_000 },
    );
    await meanwhile(`ws://${address}/ws`);
  } finally {
    child.kill(signal);
  }
  const { code } = await child.status;
  await collected;
  return { code, ...output };
}

Deno.test("a wrong configuration ends it with 1 and a line for each variable", async () => {
  const outcome = await runToEnd({ PORT: "80a", LOG_LEVEL: "loud", MAX_BATCH: "0" });
  assert.equal(outcome.code, 1);
  assert.equal(outcome.stdout, "");
  const lines = complaints(outcome);
  assert.deepEqual(lines.map((line) => line.slice(0, line.indexOf(":"))), [
    ...["PORT", "MAX_BATCH", "LOG_LEVEL", "JWT_SECRET, JWT_PUBLIC_KEY, JWT_JWKS_URL"],
  ]);
});

Deno.test("without a key it refuses to start, but in development", async () => {
  const outcome = await runToEnd({ PORT: "0" });
  assert.equal(outcome.code, 1);
  assert.equal(complaints(outcome).length, 1);
  const known = await runToEnd({ PORT: "0", JWT_SECRET: DEVELOPMENT_SECRET });
  assert.equal(known.code, 1);
  assert.match(complaints(known)[0] ?? "", /^JWT_SECRET: /);
  await using gateway = await startGateway();
  await using _ = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
});

Deno.test("files that cannot be used are a wrong configuration, each with a line", async () => {
  const missing = "/nonexistent/file.pem";
  const outcome = await runToEnd({
    JWT_SECRET: SECRET,
    PORT: "80a",
    TLS_CERT_FILE: missing,
    TLS_KEY_FILE: missing,
    NATS_URL: `nats://127.0.0.1:${freePort()}`,
    // It can be read, and is none.
    NATS_CREDS_FILE: import.meta.filename ?? "",
  });
  assert.equal(outcome.code, 1, outcome.stderr);
  const named = complaints(outcome).map((line) => line.slice(0, line.indexOf(":")));
  assert.deepEqual(named, ["PORT", "TLS_CERT_FILE", "TLS_KEY_FILE", "NATS_CREDS_FILE"]);
});

Deno.test("a port in use ends it with 2 and says so", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const outcome = await runToEnd({ JWT_SECRET: SECRET, PORT: `${taken.addr.port}` });
  taken.close();
  assert.equal(outcome.code, 2);
  assert.match(complaints(outcome).join("\n"), /in use/i);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} ends it with 0, and standard output is log lines only`, async () => {
    const env = { JWT_SECRET: SECRET, PORT: "0", NODE_ID: "n1", REGION: "eu", LOG_LEVEL: "debug" };
    const { code, stdout } = await runUntil(env, signal);
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    for (const { time, level, message, node, region } of lines) {
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.match(level, /^(debug|info|warning|error|fatal)$/);
      assert.equal(typeof message, "string");
      assert.deepEqual([node, region], ["n1", "eu"]);
    }
    assert.deepEqual(lines.filter(({ message }) => message === "listening").length, 1);
  });
}

Deno.test("a short secret is warned of, and a development route is not there", async () => {
  const env = { JWT_SECRET: "short", PORT: "0" };
  const { code, stdout } = await runUntil(env, "SIGTERM", async (wsUrl) => {
    const url = wsUrl.replace("ws:", "http:").replace(/\/ws$/, "");
    for (const path of ["/dev/token", "/"]) {
      const response = await fetch(`${url}${path}`, { method: path === "/" ? "GET" : "POST" });
      assert.equal(response.status, 404);
      assert.equal((await response.json()).error.code, -32006);
    }
  });
  assert.equal(code, 0);
  assert.match(stdout, /JWT_SECRET is short/);
  assert.ok(!stdout.includes('"short"'));
});

Deno.test("no token, secret or payload gets into the log", async () => {
  const env = { JWT_SECRET: SECRET, PORT: "0", LOG_LEVEL: "debug" };
  const { signToken } = await import("../../src/development_tokens.ts");
  const terms = { secret: SECRET, issuer: undefined, audience: undefined };
  const good = await signToken({ sub: "ann", ttl_s: 60 }, terms);
  const bad = await signToken({ sub: "eve", ttl_s: 60 }, { ...terms, secret: `${SECRET}!` });
  const { stdout, stderr } = await runUntil(env, "SIGTERM", async (wsUrl) => {
    for (const via of ["header", "query", "subprotocol"] as const) {
      const client = await connect(wsUrl, { token: good, via });
      await client.call("system.ping", { text: "payload-unseen" });
      await assert.rejects(client.call("auth.refresh", { token: bad }));
      await assert.rejects(client.call("nothing", { text: "payload-unseen" }));
      client.sendRaw("{payload-unseen");
      await client.reply(null);
      client.abort();
      await client.closed;
      if (via === "subprotocol") {
        const refused = await open(wsUrl, { token: bad, via });
        assert.equal((await refused.closed).code, 4401);
      } else await assert.rejects(open(wsUrl, { token: bad, via }), HandshakeError);
    }
  });
  for (const secret of [SECRET, good, bad, good.split(".")[2] ?? "", "payload-unseen"]) {
    assert.ok(!stdout.includes(secret) && !stderr.includes(secret));
  }
});

Deno.test("a gateway whose Redis and NATS are away starts and says that it is not ready", async () => {
  await using gateway = await startGateway({
    env: { PRESENCE_GRACE_MS: "0" },
    backends: {
      restUrl: `http://127.0.0.1:${freePort()}`,
      restToken: "t",
      natsUrl: `nats://127.0.0.1:${freePort()}`,
    },
  });
  const response = await fetch(`${gateway.url}/readyz`);
  assert.equal(response.status, 503);
  assert.deepEqual(Object.keys((await response.json()).error.data).sort(), ["nats", "redis"]);
  await using client = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
  assert.equal(client.welcome.presence.status, "online");
  await assert.rejects(client.call("player.updateStatus", { status: "busy" }), {
    code: -32004,
    data: { part: "redis" },
  });
  await client.call("system.ping");
});
