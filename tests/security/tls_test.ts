import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { connect as connectTls } from "node:tls";
import { ConfigError } from "../../src/config.ts";
import { readKeyPair, watchKeyPair } from "../../src/serve_tls.ts";
import { connect, type GameClient } from "../support/game_client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";
import { makeCertificates, type TestCertificates } from "./certificates.ts";
import { type EngineName, ENGINES } from "./engines.ts";

const SECRET = "a secret of the tests, which has 32 bytes and more";

/** A gateway in production mode that serves wss. */
async function startSecure(
  engine: EngineName,
  { certFile, keyFile }: TestCertificates,
): Promise<GatewayProcess> {
  return await startGateway({
    development: false,
    env: {
      JWT_SECRET: SECRET,
      WEBSOCKET_ENGINE: engine,
      TLS_CERT_FILE: certFile,
      TLS_KEY_FILE: keyFile,
    },
  });
}

async function player(
  gateway: GatewayProcess,
  certificates: TestCertificates,
): Promise<GameClient> {
  const token = await gateway.token("ann");
  return await connect(gateway.wsUrl, { token, caCerts: [certificates.authority] });
}

/** The name in the certificate that a new connection is shown. */
async function shownName(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
    resolve(String(socket.getPeerCertificate().subject.CN));
    socket.destroy();
  });
  socket.on("error", reject);
  const closed = new Promise((done) => socket.on("close", done));
  const name = await promise;
  await closed;
  return name;
}

async function temporaryCertificates(): Promise<TestCertificates & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "tls_" });
  const certificates = await makeCertificates(folder);
  return {
    ...certificates,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

for (const engine of ENGINES) {
  Deno.test(`wss works with a certificate of one's own, engine ${engine}`, async () => {
    await using certificates = await temporaryCertificates();
    await certificates.issue("first");
    await using gateway = await startSecure(engine, certificates);
    await using client = await player(gateway, certificates);
    await client.call("system.ping", {});
    assert.equal(await shownName(gateway.port), "first");
    const plain = await Deno.connect({ hostname: "127.0.0.1", port: gateway.port });
    await plain.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
    const answer = new Uint8Array(1000);
    const length = await plain.read(answer).catch(() => null) ?? 0;
    plain.close();
    assert.ok(!new TextDecoder().decode(answer.subarray(0, length)).includes("HTTP/1.1 200"));
  });
}

Deno.test("engine ws takes a new certificate, and no connection is dropped", async () => {
  await using certificates = await temporaryCertificates();
  await certificates.issue("first");
  await using gateway = await startSecure("ws", certificates);
  await using early = await player(gateway, certificates);
  await certificates.issue("second");
  await until(async () => await shownName(gateway.port) === "second", {
    what: "the new certificate",
    timeoutMs: 15_000,
    intervalMs: 100,
  });
  await using late = await player(gateway, certificates);
  await early.call("system.ping", {});
  await late.call("system.ping", {});
  assert.equal(early.received.filter(({ method }) => method === "system.welcome").length, 1);

  // Rubbish is complained about, once, and changes nothing.
  await Deno.writeTextFile(certificates.keyFile, "rubbish");
  await until(async () => (await gateway.output()).includes("No private key in PEM form"), {
    what: "the complaint",
    timeoutMs: 15_000,
  });
  assert.equal(await shownName(gateway.port), "second");
  await early.call("system.ping", {});
});

Deno.test("engine deno says that a new certificate needs a restart", async () => {
  await using certificates = await temporaryCertificates();
  await certificates.issue("first");
  await using gateway = await startSecure("deno", certificates);
  await using client = await player(gateway, certificates);
  await certificates.issue("second");
  await until(async () => (await gateway.output()).includes("restart this node"), {
    what: "the warning",
    timeoutMs: 15_000,
  });
  await client.call("system.ping", {});
  assert.equal(await shownName(gateway.port), "first");
});

Deno.test("readKeyPair() says what is wrong with the files", async (t) => {
  await using certificates = await temporaryCertificates();
  await certificates.issue("first");
  const { certFile, keyFile } = certificates;
  const rubbish = `${certFile}.rubbish`;
  await Deno.writeTextFile(rubbish, "rubbish");
  const brokenChain = `${certFile}.chain`;
  const authority = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  await Deno.writeTextFile(brokenChain, `${await Deno.readTextFile(certFile)}${authority}`);
  const shortKey = `${keyFile}.short`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
  await Deno.writeTextFile(shortKey, `${privateKey.export({ type: "pkcs8", format: "pem" })}`);
  const otherKey = `${keyFile}.other`;
  await Deno.copyFile(keyFile, otherKey);
  await certificates.issue("second");
  const WRONG = [
    [{ certFile: `${certFile}.none`, keyFile }, /^TLS_CERT_FILE: Cannot read .*\.none/],
    [{ certFile, keyFile: `${keyFile}.none` }, /^TLS_KEY_FILE: Cannot read .*\.none/],
    [{ certFile: rubbish, keyFile }, /^TLS_CERT_FILE: No certificate in PEM form/],
    [{ certFile, keyFile: rubbish }, /^TLS_KEY_FILE: No private key in PEM form/],
    [{ certFile, keyFile: otherKey }, /^TLS_KEY_FILE: .* is not the key of/],
    [{ certFile: brokenChain, keyFile }, /^TLS_CERT_FILE: No certificate in PEM form/],
    [{ certFile, keyFile: shortKey }, /^TLS_KEY_FILE: .* must hold an RSA \(2048 bits or more\)/],
    [{ certFile: rubbish, keyFile: `${keyFile}.none` }, /^TLS_CERT_FILE: .*\nTLS_KEY_FILE: /],
  ] as const;
  for (const [files, message] of WRONG) {
    await t.step(String(message), () => {
      assert.throws(() => readKeyPair(files), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.problems.join("\n"), message);
        return true;
      });
    });
  }
  assert.equal(readKeyPair({ certFile, keyFile }).cert, await Deno.readTextFile(certFile));
});

Deno.test("watchKeyPair() offers a key pair that could not be taken again", async () => {
  await using certificates = await temporaryCertificates();
  await certificates.issue("first");
  let offers = 0;
  const watch = watchKeyPair(certificates, readKeyPair(certificates), () => {
    offers++;
    throw new Error("Not now");
  }, 5);
  try {
    await certificates.issue("second");
    await until(() => offers > 1, { what: "the second offer" });
  } finally {
    watch.stop();
  }
});

Deno.test("a gateway with an unusable certificate does not start, and says why", async () => {
  await using certificates = await temporaryCertificates();
  await certificates.issue("first");
  await Deno.writeTextFile(certificates.certFile, "rubbish");
  await assert.rejects(startSecure("ws", certificates), /TLS_CERT_FILE: No certificate/);
});
