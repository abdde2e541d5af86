import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { bundleForBrowser } from "./element_page.ts";

Deno.test("elements.ts can be imported where there is no DOM", async () => {
  assert.equal("customElements" in globalThis, false);
  const { WaygatePresenceElement, WaygateStatusElement } = await import(
    "../../src/elements/elements.ts"
  );
  assert.equal(typeof WaygateStatusElement, "function");
  assert.equal(typeof WaygatePresenceElement, "function");
});

Deno.test("client and elements are small: 12 KB gzipped, 20 KB together", async () => {
  const client = await gzippedBytes("src/client/client.ts");
  const both = await gzippedBytes("tests/elements/testdata/client_and_elements.ts");
  console.log(`client ${client} bytes, with elements ${both} bytes, minified and gzipped`);
  assert.ok(client < 12_000, `The client has ${client} bytes`);
  assert.ok(both < 20_000, `Client and elements have ${both} bytes`);
});

async function gzippedBytes(path: string): Promise<number> {
  return gzipSync(await bundleForBrowser(path), { level: 9 }).length;
}
