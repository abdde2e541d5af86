/**
 * Who may import whom, as far as folders and file names tell.
 *
 * @module
 */

import assert from "node:assert/strict";
import { basename } from "node:path";
import { findCycle, type ImportGraph, readImportGraph } from "./support/import_graph.ts";

const graph = await readImportGraph(["main.ts", "src"]);

Deno.test("protocol imports nothing local outside itself", () => {
  assert.deepEqual(importsOutside(graph, "src/protocol/", []), []);
});

Deno.test("client imports only itself and protocol", () => {
  assert.deepEqual(importsOutside(graph, "src/client/", ["src/protocol/"]), []);
});

Deno.test("elements imports only itself, client and protocol", () => {
  assert.deepEqual(importsOutside(graph, "src/elements/", ["src/client/", "src/protocol/"]), []);
});

Deno.test("only main.ts chooses a backend", () => {
  const backend = /_(redis|nats|jetstream)\.tsx?$/;
  const choices = edges(graph).filter(([from, to]) => from !== "main.ts" && backend.test(to));
  assert.deepEqual(choices.map(join), []);
});

Deno.test("src imports nothing from tests, deploy or docs", () => {
  const strays = edges(graph).filter(([, to]) => to !== "main.ts" && !to.startsWith("src/"));
  assert.deepEqual(strays.map(join), []);
});

Deno.test("imports make no cycle", () => {
  assert.deepEqual(findCycle(graph), []);
});

Deno.test("no file is named after nothing", () => {
  const named = [...graph.keys()].filter((file) => /^(utils?|types?|index)\./.test(basename(file)));
  assert.deepEqual(named, []);
});

Deno.test("findCycle() finds a cycle and names its files in order", () => {
  const cyclic: ImportGraph = new Map([
    ["a.ts", ["b.ts", "d.ts"]],
    ["b.ts", ["c.ts"]],
    ["c.ts", ["b.ts"]],
    ["d.ts", []],
  ]);
  assert.deepEqual(findCycle(cyclic), ["b.ts", "c.ts", "b.ts"]);
  assert.deepEqual(findCycle(new Map([["a.ts", ["b.ts"]], ["b.ts", []]])), []);
});

Deno.test("readImportGraph() sees type imports, re-exports and dynamic imports", async () => {
  const self = "tests/import_rules_test.ts";
  const imports = (await readImportGraph([self])).get(self);
  assert.deepEqual(imports, ["tests/support/import_graph.ts"]);
  const written = await readImportGraph(["tests/support/testdata/imports.ts"]);
  assert.deepEqual(written.get("tests/support/testdata/imports.ts"), [
    "tests/support/testdata/dynamic.ts",
    "tests/support/testdata/exported.ts",
    "tests/support/testdata/typed.ts",
  ]);
});

function edges(of: ImportGraph): [from: string, to: string][] {
  return [...of].flatMap(([from, targets]) => targets.map((to): [string, string] => [from, to]));
}

function importsOutside(of: ImportGraph, folder: string, allowed: readonly string[]): string[] {
  return edges(of)
    .filter(([from, to]) =>
      from.startsWith(folder) && ![folder, ...allowed].some((place) => to.startsWith(place))
    )
    .map(join);
}

function join([from, to]: [from: string, to: string]): string {
  return `${from} imports ${to}`;
}
