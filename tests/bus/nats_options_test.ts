import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { connectNatsBus } from "../../src/bus/bus_nats.ts";
import { freePort } from "../support/servers/free_port.ts";
import { type NatsServer, startNats } from "../support/servers/nats_server.ts";
import { until } from "../support/wait.ts";
import { configurationFile } from "./configuration_file.ts";
import { createNatsAccounts } from "./nats_accounts.ts";
import { openBus } from "./nats_place.ts";
import { recordLog } from "./recorded_log.ts";

const SECRET = "not-for-logs";
const TESTDATA = fileURLToPath(new URL("./testdata/", import.meta.url));
const TLS = `tls { cert_file: "${TESTDATA}server.pem", key_file: "${TESTDATA}server_key.pem" }`;

Deno.test("a token lets in, given as an option or in the address", async () => {
  await using server = await startNats({ jetstream: false, token: SECRET });
  await connects(server, { token: SECRET });
  await connects(server, { servers: `nats://${SECRET}@127.0.0.1:${server.port}` });
});

Deno.test("user and password let in, given as options or in the address", async () => {
  const login = { user: "gate@way", password: "p:w/ä%" };
  await using server = await startNats({ jetstream: false, ...login });
  await connects(server, login);
  const encoded = `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}`;
  await connects(server, { servers: `nats://${encoded}@127.0.0.1:${server.port}` });
});

Deno.test("credentials let in where the server trusts their operator", async () => {
  const { config, credentials } = createNatsAccounts();
  await using server = await startNats({ jetstream: false, config });
  await connects(server, { credentials });
});

Deno.test("credentials of another operator are refused", async () => {
  await using server = await startNats({ jetstream: false, config: createNatsAccounts().config });
  await using log = await recordLog();
  await using bus = openBus(server, { credentials: createNatsAccounts().credentials });
  await until(() => log.text().includes("Authorization Violation"), { what: "the refusal" });
  assert.equal(bus.status, "disconnected");
});

Deno.test("a WebSocket serves as well as TCP", async () => {
  const options = { jetstream: false, websocket: true, token: SECRET };
  await using server = await startNats(options);
  await connects(server, { servers: server.websocketUrl ?? "", token: SECRET });
});

Deno.test("tls:// and wss:// connect to a server whose certificate is trusted, with --allow-net alone", async () => {
  const port = freePort();
  const websocket = `websocket { host: "127.0.0.1", port: ${port}, ${TLS} }`;
  await using server = await startNats({ jetstream: false, config: `${TLS}\n${websocket}` });
  assert.equal(await runClient(`tls://localhost:${server.port}`), "hello\n");
  assert.equal(await runClient(`wss://localhost:${port}`), "hello\n");
  // A plain address takes the encryption that the server asks for.
  assert.equal(await runClient(server.url), "hello\n");
});

Deno.test("tls:// connects neither to a server without TLS nor to one with a certificate of nobody's", async () => {
  await using plain = await startNats({ jetstream: false });
  await using unknown = await startNats({ jetstream: false, config: TLS });
  await using log = await recordLog();
  await using a = openBus(plain, { servers: plain.url.replace("nats:", "tls:") });
  await until(() => log.text().includes("does not support 'tls'"), { what: "the first refusal" });
  await using b = openBus(unknown, { servers: unknown.url.replace("nats:", "tls:") });
  await until(() => log.text().includes("certificate"), { what: "the second refusal" });
  assert.deepEqual([a.status, b.status], ["disconnected", "disconnected"]);
});

Deno.test("a login that is refused is tried again, logged once and never quoted", async () => {
  await using file = await configurationFile(`authorization { token: "another" }`);
  await using server = await startNats({ jetstream: false, config: file.include });
  await using log = await recordLog();
  await using bus = openBus(server, { token: SECRET });

  const refusals = async () => (await server.output()).split("authentication error").length - 1;
  await until(async () => await refusals() >= 3, { what: "three attempts" });
  assert.equal(bus.status, "disconnected");
  assert.equal(log.text(), "NATS: Authorization Violation");

  await server.stop();
  await file.write(`authorization { token: "${SECRET}" }`);
  await server.restart();
  await bus.connection();
});

Deno.test("a login that is refused after an outage is tried again until it is accepted", async () => {
  await using file = await configurationFile("");
  await using server = await startNats({ jetstream: false, config: file.include });
  await using bus = openBus(server, { token: SECRET });
  await bus.connection();

  await server.stop();
  await file.write(`authorization { token: "another" }`);
  await server.restart();
  const refusals = async () => (await server.output()).split("authentication error").length - 1;
  await until(async () => await refusals() >= 4, { what: "four attempts" });
  assert.equal(bus.status, "disconnected");
  await server.stop();
  await file.write("");
  await server.restart();
  await until(() => bus.status === "connected", { what: "the bus" });
});

Deno.test("connectNatsBus() refuses addresses and credentials that cannot work, without quoting them", () => {
  const addresses = [
    "",
    " , ",
    "localhost:4222",
    "nats://",
    `http://u:${SECRET}@localhost`,
    `nats://u:${SECRET}@a, ws://b`,
    `nats://u:${SECRET}@a:port`,
    `nats://u:100%${SECRET}@a`,
  ];
  const faulty = [
    ...addresses.map((servers) => ({ servers })),
    { servers: "nats://localhost", credentials: SECRET },
    {
      servers: "nats://localhost",
      credentials: createNatsAccounts().credentials.replace(/\nSU\w+/, `\n${SECRET}`),
    },
  ];
  for (const options of faulty) {
    assert.throws(() => connectNatsBus({ name: "test", ...options }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.ok(!`${error.stack} ${error.cause}`.includes(SECRET), error.message);
      return true;
    }, options.servers);
  }
});

async function connects(
  server: NatsServer,
  options: Partial<Parameters<typeof connectNatsBus>[0]>,
): Promise<void> {
  await using bus = openBus(server, options);
  await until(() => bus.status === "connected", { what: "the login" });
  await bus.flush();
}

/** What the client in a process of its own printed. */
async function runClient(url: string): Promise<string> {
  const rights = ["--no-prompt", "--allow-net", "--cert", `${TESTDATA}ca.pem`];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...rights, `${TESTDATA}tls_client.ts`, url],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
