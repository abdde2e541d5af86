import { strict as assert } from "node:assert";
import { generateKeyPairSync, type KeyPairKeyObjectResult } from "node:crypto";
import { readConfig } from "../../src/config.ts";
import { createTokenVerifier, TokenError, type VerifyToken } from "../../src/gateway/auth.ts";
import { RpcError } from "../../src/protocol/errors.ts";
import { until } from "../support/wait.ts";
import { KeySetServer } from "./key_set_server.ts";
import { goodClaims, sign, signWith } from "./tokens.ts";

function keysOf(algorithm: string): KeyPairKeyObjectResult {
  if (algorithm === "RS256") return generateKeyPairSync("rsa", { modulusLength: 2048 });
  if (algorithm === "ES256") return generateKeyPairSync("ec", { namedCurve: "P-256" });
  return generateKeyPairSync("ed25519");
}

function verifierFor({ url }: KeySetServer): Promise<VerifyToken> {
  return createTokenVerifier(readConfig({ JWT_JWKS_URL: url }, { development: false }));
}

/** The time of day, which only a test can let pass so quickly. */
class Clock implements Disposable {
  readonly #now = Date.now;

  pass(ms: number): void {
    const now = Date.now;
    Date.now = () => now() + ms;
  }

  [Symbol.dispose](): void {
    Date.now = this.#now;
  }
}

const reasonOf = (verify: VerifyToken, token: string): Promise<string> =>
  verify(token).then(() => "accepted", (error) => {
    if (error instanceof TokenError) return error.reason;
    assert.ok(error instanceof RpcError, String(error));
    return JSON.stringify(error);
  });

Deno.test("a key set verifies RS256, ES256 and EdDSA, with one request for all", async () => {
  await using server = new KeySetServer();
  const verify = await verifierFor(server);
  const algorithms = ["RS256", "ES256", "EdDSA"];
  const keys = algorithms.map((algorithm) => keysOf(algorithm));
  keys.forEach((pair, index) => server.publish(pair, { kid: `k${index}`, use: "sig" }));
  for (const [index, algorithm] of algorithms.entries()) {
    const { privateKey } = keys[index] as KeyPairKeyObjectResult;
    const token = await signWith(privateKey, algorithm, `k${index}`);
    assert.equal((await verify(token)).userId, "ann");
  }
  assert.equal(server.requests, 1);
});

Deno.test("a key that is new in the set works at once, and one that was taken out no longer", async () => {
  await using server = new KeySetServer();
  const verify = await verifierFor(server);
  const [before, after] = [keysOf("ES256"), keysOf("ES256")];
  server.publish(before, { kid: "before" });
  const oldToken = await signWith(before.privateKey, "ES256", "before");
  const newToken = await signWith(after.privateKey, "ES256", "after");
  assert.equal(await reasonOf(verify, oldToken), "accepted");
  assert.equal(await reasonOf(verify, newToken), "signature");

  server.keys = [];
  server.publish(after, { kid: "after" });
  // The issuer is asked no more than once a second.
  await until(async () => await reasonOf(verify, newToken) === "accepted", {
    what: "the new key",
  });
  assert.equal(await reasonOf(verify, oldToken), "signature");
});

Deno.test("known keys stay good while the issuer is away, and are refreshed when it is back", async () => {
  await using server = new KeySetServer();
  using clock = new Clock();
  const verify = await verifierFor(server);
  const [known, rotated] = [keysOf("ES256"), keysOf("ES256")];
  server.publish(known, { kid: "known" });
  const login = async (pair: KeyPairKeyObjectResult, kid: string) =>
    await reasonOf(verify, await signWith(pair.privateKey, "ES256", kid));
  assert.equal(await login(known, "known"), "accepted");

  server.failure = new Response("gone", { status: 500 });
  clock.pass(11 * 60_000);
  const before = server.requests;
  for (let time = 0; time < 5; time++) assert.equal(await login(known, "known"), "accepted");
  assert.equal(server.requests, before + 1, "who logs in does not wait for it each time");
  assert.equal(JSON.parse(await login(rotated, "rotated")).code, -32004);

  server.failure = undefined;
  server.keys = [];
  server.publish(rotated, { kid: "rotated" });
  assert.equal(await login(rotated, "rotated"), "accepted");
  assert.equal(await login(known, "known"), "signature", "it was taken out");
  clock.pass(11 * 60_000);
  server.keys = [];
  assert.equal(await login(rotated, "rotated"), "signature", "the set is looked at anew");
});

Deno.test("tokens of unknown keys do not make the gateway ask again and again", async () => {
  await using server = new KeySetServer();
  const verify = await verifierFor(server);
  server.publish(keysOf("ES256"), { kid: "known" });
  const stranger = keysOf("ES256");
  for (let index = 0; index < 50; index++) {
    const token = await signWith(stranger.privateKey, "ES256", `unknown${index}`);
    assert.equal(await reasonOf(verify, token), "signature");
  }
  assert.ok(server.requests <= 2, `${server.requests} requests`);
});

Deno.test("a token without a key id may be signed by any key of the set", async () => {
  await using server = new KeySetServer();
  const verify = await verifierFor(server);
  const pairs = [keysOf("EdDSA"), keysOf("EdDSA")];
  for (const pair of pairs) server.publish(pair);
  for (const { privateKey } of pairs) {
    assert.equal(await reasonOf(verify, await signWith(privateKey, "EdDSA")), "accepted");
  }
  assert.equal(
    await reasonOf(verify, await signWith(keysOf("EdDSA").privateKey, "EdDSA")),
    "signature",
  );
});

Deno.test("a key set never verifies an HMAC, not even with a key of its own", async () => {
  await using server = new KeySetServer();
  const verify = await verifierFor(server);
  const secret = "an octet key that somebody published";
  server.keys.push({ kty: "oct", k: btoa(secret), kid: "oct", alg: "HS256" });
  const token = sign(goodClaims(), { alg: "HS256", kid: "oct" }, secret);
  assert.equal(await reasonOf(verify, token), "algorithm");
});

Deno.test("a key set that cannot be read makes the gateway unavailable, not the token bad", async () => {
  await using server = new KeySetServer();
  const token = await signWith(keysOf("ES256").privateKey, "ES256", "k");
  const failures = [
    new Response("gone", { status: 500 }),
    new Response("no JSON"),
    Response.json({ keys: "none" }),
  ];
  for (const failure of failures) {
    server.failure = failure;
    assert.deepEqual(JSON.parse(await reasonOf(await verifierFor(server), token)), {
      code: -32004,
      message: "Unavailable",
      data: { part: "jwks" },
    });
  }
});
