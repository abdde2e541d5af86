import assert from "node:assert/strict";
import { parseOptions } from "./options.ts";

Deno.test("parseOptions() has the seed load as its default", () => {
  const { scenario, urls, connections, rate, seconds } = parseOptions([], undefined);
  assert.deepEqual(
    { scenario, urls, connections, rate, seconds },
    {
      scenario: "mixed",
      urls: ["http://127.0.0.1:8090"],
      connections: 100,
      rate: 1000,
      seconds: 30,
    },
  );
});

Deno.test("parseOptions() makes a soak an hour, and a storm all at once", () => {
  assert.equal(parseOptions(["--scenario", "soak"], undefined).seconds, 3600);
  assert.equal(parseOptions(["--scenario", "storm"], undefined).rate, 0);
});

Deno.test("parseOptions() takes several gateways, by their WebSocket addresses too", () => {
  const { urls } = parseOptions(["--url", "http://a:1,wss://b:2/ws"], undefined);
  assert.deepEqual(urls, ["http://a:1", "https://b:2"]);
});

Deno.test("parseOptions() expects correctness whatever else is expected", () => {
  const texts = parseOptions(["--expect", "p99=9ms"], undefined).expectations
    .map(({ text }) => text);
  assert.deepEqual(texts, ["lost=0", "doubled=0", "misordered=0", "wrong=0", "p99=9ms"]);
});

Deno.test("parseOptions() prefers the secret of the command line", () => {
  assert.equal(parseOptions([], "from environment").tokenSecret, "from environment");
  assert.equal(parseOptions(["--token-secret", "s"], "from environment").tokenSecret, "s");
});

Deno.test("parseOptions() says what is wrong", () => {
  assert.throws(() => parseOptions(["--scenario", "nap"], undefined), /--scenario must be one of/);
  assert.throws(() => parseOptions(["--rate", "0"], undefined), /--rate must be a number over 0/);
  assert.throws(() => parseOptions(["--warmup=-1"], undefined), /--warmup must be a number/);
  assert.throws(() => parseOptions(["--url", "here"], undefined), /--url must be a URL/);
});

Deno.test("parseOptions() starts two gateways in a cluster unless told, and none without", () => {
  assert.equal(parseOptions(["--cluster"], undefined).nodes, 2);
  assert.equal(parseOptions(["--cluster", "--nodes", "1"], undefined).nodes, 1);
  assert.throws(() => parseOptions(["--nodes", "1"], undefined), /--nodes is for --cluster/);
  assert.throws(() => parseOptions(["--cluster", "--nodes", "0"], undefined), /a whole number/);
});
