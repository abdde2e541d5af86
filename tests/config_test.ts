import { strict as assert } from "node:assert";
import { generateKeyPairSync, type KeyPairKeyObjectResult } from "node:crypto";
import { ConfigError, readConfig } from "../src/config.ts";
import { DEVELOPMENT_SECRET } from "../src/token_key.ts";
import { VARIABLES } from "../src/config_variables.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const SECRET = { JWT_SECRET: "a secret of at least thirty-two bytes" };
const production = (environment: Environment) =>
  readConfig({ ...SECRET, ...environment }, { development: false });

function problemsOf(environment: Environment, development = false): readonly string[] {
  try {
    readConfig(environment, { development });
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.message, error.problems.join("\n"));
    return error.problems;
  }
  return [];
}

function pemOf({ publicKey }: KeyPairKeyObjectResult): string {
  return publicKey.export({ type: "spki", format: "pem" }).toString();
}

Deno.test("readConfig() has the defaults of the contract", () => {
  const { nodeId, ...config } = production({});
  assert.match(nodeId, /^[A-Za-z0-9_.-]+$/);
  assert.notEqual(nodeId, production({}).nodeId);
  assert.deepEqual(config, {
    development: false,
    host: "0.0.0.0",
    port: 8090,
    tls: undefined,
    region: "local",
    tokenKey: { kind: "secret", secret: SECRET.JWT_SECRET },
    tokenIssuer: undefined,
    tokenAudience: undefined,
    redis: undefined,
    nats: undefined,
    natsPrefix: "waygate",
    origins: { kind: "same" },
    allowQueryToken: true,
    maxConnections: 10_000,
    maxSessionsPerUser: 5,
    maxMessageBytes: 65_536,
    maxBatch: 50,
    rateLimitMessages: 50,
    rateLimitBurst: 100,
    sendQueueBytes: 1_048_576,
    heartbeatIntervalMs: 15_000,
    presenceGraceMs: 1500,
    presenceFlushMs: 50,
    presenceAutoSubscribe: "all",
    nodeLeaseMs: 15_000,
    resumeWindowMs: 60_000,
    rpcServices: [],
    rpcTimeoutMs: 5000,
    metricsToken: undefined,
    lobby: false,
    websocketEngine: "deno",
    drainMs: 10_000,
    logLevel: "info",
    logFormat: "json",
  });
});

Deno.test("readConfig() takes an empty variable for one that is not set", () => {
  const empty = Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, ""]));
  const { nodeId: _, ...config } = production({ ...empty, ...SECRET });
  const { nodeId: __, ...defaults } = production({});
  assert.deepEqual(config, defaults);
});

Deno.test("readConfig() in development needs no key, shows the lobby and logs to people", () => {
  const config = readConfig({}, { development: true });
  assert.deepEqual(config.tokenKey, { kind: "secret", secret: DEVELOPMENT_SECRET });
  assert.equal(config.lobby, true);
  assert.equal(config.logFormat, "pretty");
  const told = readConfig({ LOBBY: "off", LOG_FORMAT: "json", ...SECRET }, { development: true });
  assert.equal(told.lobby, false);
  assert.equal(told.logFormat, "json");
  assert.deepEqual(told.tokenKey, { kind: "secret", secret: SECRET.JWT_SECRET });
});

Deno.test("readConfig() reads lists, logins and files", () => {
  const config = production({
    NATS_URL: " nats://a:4222, tls://b:4222 ,nats://u:100%25@c,",
    NATS_USER: "u",
    NATS_PASSWORD: "p",
    ALLOWED_ORIGINS: "https://play.example.com, http://localhost:3000,capacitor://localhost",
    UPSTASH_REDIS_REST_URL: "https://redis.example.com",
    UPSTASH_REDIS_REST_TOKEN: "t",
    TLS_CERT_FILE: "c.pem",
    TLS_KEY_FILE: "k.pem",
    RPC_SERVICES: "inventory,chat",
    ALLOW_QUERY_TOKEN: "false",
    RATE_LIMIT_MESSAGES: "0",
    LOBBY: "on",
  });
  assert.deepEqual(config.nats, {
    servers: ["nats://a:4222", "tls://b:4222", "nats://u:100%25@c"],
    login: { kind: "password", user: "u", password: "p" },
  });
  const origins = new Set([
    "https://play.example.com",
    "http://localhost:3000",
    "capacitor://localhost",
  ]);
  assert.deepEqual(config.origins, { kind: "list", origins });
  assert.deepEqual(config.redis, { url: "https://redis.example.com", token: "t" });
  assert.deepEqual(config.tls, { certFile: "c.pem", keyFile: "k.pem" });
  assert.deepEqual(config.rpcServices, ["inventory", "chat"]);
  assert.equal(config.allowQueryToken, false);
  assert.equal(config.rateLimitMessages, 0);
  assert.equal(config.lobby, true);
  assert.deepEqual(production({ ALLOWED_ORIGINS: "https://a.example, *" }).origins, {
    kind: "any",
  });
});

Deno.test("readConfig() takes the origins of webviews, the addresses to listen on and both NATS transports", () => {
  for (
    const origin of ["ionic://localhost", "app://-", "chrome-extension://abc", "tauri://a.b:1"]
  ) {
    assert.deepEqual(production({ ALLOWED_ORIGINS: origin }).origins, {
      kind: "list",
      origins: new Set([origin]),
    });
  }
  for (const host of ["localhost", "127.0.0.1", "::", "::1", "fe80::1%eth0", "a_b-c.example."]) {
    assert.equal(production({ HOST: host }).host, host);
  }
  assert.equal(production({ HOST: "[::1]" }).host, "::1");
  const servers = ["ws://a", "wss://b:443/path"];
  assert.deepEqual(production({ NATS_URL: servers.join() }).nats?.servers, servers);
});

Deno.test("readConfig() knows each way to log in to NATS", () => {
  const login = (environment: Environment) =>
    production({ NATS_URL: "nats://a", ...environment }).nats?.login;
  assert.deepEqual(login({}), { kind: "none" });
  assert.deepEqual(login({ NATS_TOKEN: "t" }), { kind: "token", token: "t" });
  assert.deepEqual(login({ NATS_CREDS_FILE: "f" }), { kind: "credentials", file: "f" });
});

const WRONG: readonly [string, string][] = [
  ...["80a", "-1", "65536", "1.5", "0x50", "1e3", " 80", "٣"].map((port): [string, string] => [
    "PORT",
    port,
  ]),
  ["HOST", "foo bar"],
  ["HOST", "http://foo"],
  ["HOST", "foo:8080"],
  ["HOST", "foo\n"],
  ["REGION", "eu west"],
  ["REGION", "x".repeat(65)],
  ["NODE_ID", "a/b"],
  ["JWT_JWKS_URL", "keys.json"],
  ["JWT_JWKS_URL", "ftp://x"],
  ["UPSTASH_REDIS_REST_URL", "redis://localhost"],
  ["UPSTASH_REDIS_REST_TOKEN", "hidden "],
  ["UPSTASH_REDIS_REST_TOKEN", "hid\nden"],
  ["UPSTASH_REDIS_REST_TOKEN", "hidd\u00e9n"],
  ["NATS_URL", "http://localhost"],
  ["NATS_URL", "nats://a,b"],
  ["NATS_URL", "nats://"],
  ["NATS_URL", "nats:foo"],
  ["NATS_URL", ","],
  ["NATS_URL", "nats://a:1,ws://b:1"],
  ["NATS_URL", "nats://gw:hidden100%zz@a:4222"],
  ["NATS_URL", "nats://hidden%@a:4222"],
  ["NATS_PREFIX", "a.b"],
  ["NATS_PREFIX", "a*"],
  ["ALLOWED_ORIGINS", "play.example.com"],
  ["ALLOWED_ORIGINS", "https://play.example.com/"],
  ["ALLOWED_ORIGINS", "HTTPS://play.example.com"],
  ["ALLOWED_ORIGINS", "capacitor://localhost/"],
  ["ALLOWED_ORIGINS", "Capacitor://localhost"],
  ["ALLOWED_ORIGINS", "capacitor://"],
  ["ALLOWED_ORIGINS", "file://localhost"],
  ["ALLOWED_ORIGINS", ","],
  ["ALLOW_QUERY_TOKEN", "yes"],
  ["ALLOW_QUERY_TOKEN", "False"],
  ["MAX_CONNECTIONS", "0"],
  ["MAX_SESSIONS_PER_USER", "0"],
  ["MAX_MESSAGE_BYTES", "lots"],
  ["MAX_BATCH", "0"],
  ["RATE_LIMIT_MESSAGES", "-1"],
  ["RATE_LIMIT_BURST", "0"],
  ["SEND_QUEUE_BYTES", "1MB"],
  ["HEARTBEAT_INTERVAL_MS", "499"],
  ["PRESENCE_GRACE_MS", "1s"],
  ["PRESENCE_FLUSH_MS", "0"],
  ["PRESENCE_AUTO_SUBSCRIBE", "some"],
  ["NODE_LEASE_MS", "0"],
  ["RESUME_WINDOW_MS", "0"],
  ["RPC_SERVICES", "a.b"],
  ["RPC_TIMEOUT_MS", "0"],
  ["METRICS_TOKEN", "hidden words"],
  ["LOBBY", "true"],
  ["WEBSOCKET_ENGINE", "bun"],
  ["DRAIN_MS", "-1"],
  ["LOG_LEVEL", "verbose"],
  ["LOG_FORMAT", "xml"],
];

/** What else has to be set for a variable to be the only one at fault. */
const BESIDE: Readonly<Record<string, Environment>> = {
  JWT_JWKS_URL: { JWT_SECRET: undefined },
  UPSTASH_REDIS_REST_URL: { UPSTASH_REDIS_REST_TOKEN: "t" },
  UPSTASH_REDIS_REST_TOKEN: { UPSTASH_REDIS_REST_URL: "https://redis.example.com" },
};

for (const [name, value] of WRONG) {
  const shown = JSON.stringify(value.slice(0, 30));
  Deno.test(`readConfig() refuses ${name}=${shown} in one line`, () => {
    const problems = problemsOf({ ...SECRET, ...BESIDE[name], [name]: value });
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(problems[0] ?? "", new RegExp(`^${name}: Must [^\\n]+[^.]$`));
    assert.ok(!problems[0]?.includes("hid"), "a secret is quoted");
  });
}

Deno.test("readConfig() names every variable at fault at once", () => {
  const problems = problemsOf({
    PORT: "x",
    MAX_BATCH: "x",
    LOG_LEVEL: "x",
    NATS_USER: "u",
    TLS_KEY_FILE: "k.pem",
    UPSTASH_REDIS_REST_TOKEN: "t",
  });
  assert.deepEqual(problems.map((problem) => problem.slice(0, problem.indexOf(":"))), [
    "PORT",
    "MAX_BATCH",
    "LOG_LEVEL",
    "JWT_SECRET, JWT_PUBLIC_KEY, JWT_JWKS_URL",
    "NATS_PASSWORD",
    "TLS_CERT_FILE",
    "UPSTASH_REDIS_REST_URL",
  ]);
  assert.ok(problems.every((problem) => !problem.includes("\n")));
});

Deno.test("readConfig() wants exactly one key outside development", () => {
  assert.match(problemsOf({})[0] ?? "", /^JWT_SECRET, .*exactly one of them; none is set$/);
  const jwks = { JWT_JWKS_URL: "https://id.example.com/keys" };
  const both = problemsOf({ ...SECRET, ...jwks });
  assert.match(both[0] ?? "", /JWT_SECRET and JWT_JWKS_URL are set$/);
  assert.match(problemsOf({ ...SECRET, ...jwks }, true)[0] ?? "", /are set$/);
  assert.deepEqual(readConfig(jwks, { development: false }).tokenKey, {
    kind: "jwks",
    url: new URL("https://id.example.com/keys"),
  });
});

Deno.test("readConfig() refuses the development secret outside development", () => {
  const problems = problemsOf({ JWT_SECRET: DEVELOPMENT_SECRET });
  assert.match(problems[0] ?? "", /^JWT_SECRET: /);
  assert.equal(problemsOf({ JWT_SECRET: DEVELOPMENT_SECRET }, true).length, 0);
});

Deno.test("readConfig() tells a public key's algorithm", () => {
  const keys = {
    RS256: pemOf(generateKeyPairSync("rsa", { modulusLength: 2048 })),
    ES256: pemOf(generateKeyPairSync("ec", { namedCurve: "P-256" })),
    EdDSA: pemOf(generateKeyPairSync("ed25519")),
  };
  for (const [algorithm, pem] of Object.entries(keys)) {
    for (const written of [pem, pem.trim(), pem.replaceAll("\n", "\\n")]) {
      const { tokenKey } = readConfig({ JWT_PUBLIC_KEY: written }, { development: false });
      assert.deepEqual(tokenKey, { kind: "public_key", pem, algorithm });
    }
  }
});

Deno.test("readConfig() refuses keys that no token may be verified with", () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const keys = {
    "nonsense": "nonsense",
    "a private key": privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    "another curve": pemOf(generateKeyPairSync("ec", { namedCurve: "P-384" })),
    "another kind": pemOf(generateKeyPairSync("x25519")),
    "a short RSA key": pemOf(generateKeyPairSync("rsa", { modulusLength: 1024 })),
  };
  for (const [name, pem] of Object.entries(keys)) {
    const problems = problemsOf({ JWT_PUBLIC_KEY: pem });
    assert.equal(problems.length, 1, name);
    assert.match(problems[0] ?? "", /^JWT_PUBLIC_KEY: [A-Z]/, name);
    assert.doesNotMatch(problems[0] ?? "", /KEY-----/, name);
  }
});

Deno.test("readConfig() wants one login for NATS, and whole ones", () => {
  const token = { NATS_URL: "nats://a", NATS_TOKEN: "t", ...SECRET };
  assert.match(problemsOf({ ...token, NATS_CREDS_FILE: "f" })[0] ?? "", /Set at most one/);
  assert.deepEqual(problemsOf({ ...SECRET, NATS_PASSWORD: "p" }), [
    "NATS_USER: Must be set, because NATS_PASSWORD is",
  ]);
});

Deno.test("the gateway may read each variable, and no other", async () => {
  const file = new URL("../deno.json", import.meta.url);
  const { permissions } = JSON.parse(await Deno.readTextFile(file));
  assert.deepEqual(permissions.gateway.env, Object.keys(VARIABLES));
});
