import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("every row of the threat table names tests that exist", async () => {
  const text = await Deno.readTextFile(`${ROOT}docs/security.md`);
  const table = text.slice(text.indexOf("## Threats"), text.indexOf("## Figures"));
  const rows = table.split("\n").filter((line) => line.startsWith("| ")).slice(2);
  assert.ok(rows.length >= 20);
  const sources = await testSources();
  for (const row of rows) {
    const cells = row.split(" | ").map((cell) => cell.trim());
    const names = [...(cells[2] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    assert.ok(names.length > 0, `No test: ${cells[0]}`);
    for (const name of names) {
      if (name.endsWith(".ts")) assert.ok(sources.has(name), `There is no ${name}`);
      else {
        const parts = name.split("…").map((part) => part.trim()).filter((part) => part !== "");
        const isThere = [...sources.values()].some((source) =>
          parts.every((part) => source.includes(part))
        );
        assert.ok(isThere, `There is no test "${name}"`);
      }
    }
  }
});

/** Every test file by its path, and by its name alone. */
async function testSources(): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  const folders = ["tests/security", "tests/gateway", "tests"];
  for (const folder of folders) {
    for await (const { name, isFile } of Deno.readDir(`${ROOT}${folder}`)) {
      if (!isFile || !name.endsWith("_test.ts")) continue;
      const source = await Deno.readTextFile(`${ROOT}${folder}/${name}`);
      sources.set(`${folder}/${name}`, source).set(name, source);
    }
  }
  return sources;
}
