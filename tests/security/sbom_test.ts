import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { billOfMaterials } from "../../deploy/sbom.ts";

/** Licences that let a game be sold without showing its source. */
const ALLOWED: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "Unlicense",
]);

/** Only tests run these: nothing of them is passed on. */
const ALLOWED_IN_TESTS: ReadonlySet<string> = new Set([...ALLOWED, "MPL-2.0"]);

Deno.test("every package has a hash and a licence that a game can live with", async () => {
  const { components } = await billOfMaterials();
  const lock = JSON.parse(
    await Deno.readTextFile(fileURLToPath(new URL("../../deno.lock", import.meta.url))),
  );
  assert.equal(components.length, Object.keys(lock.npm).length);
  for (const { purl, scope, hashes, licenses } of components) {
    const allowed = scope === "required" ? ALLOWED : ALLOWED_IN_TESTS;
    for (const { expression } of licenses) {
      assert.ok(allowed.has(expression), `${purl} has the licence ${expression}`);
    }
    assert.match(hashes[0]?.content ?? "", /^[0-9a-f]{128}$/, `${purl} has no hash`);
  }
});

Deno.test("the gateway runs on no package but those it means to", async () => {
  const { components } = await billOfMaterials();
  const required = components.filter(({ scope }) => scope === "required").map(({ name }) => name);
  for (const name of ["hono", "jose", "zod", "ws", "prom-client", "@upstash/redis"]) {
    assert.ok(required.includes(name), `${name} is missing`);
  }
  for (const name of ["fast-check", "playwright-core", "axe-core", "ioredis", "typescript"]) {
    assert.ok(!required.includes(name), `The gateway loads ${name}`);
  }
});
