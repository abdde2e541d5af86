/** The npm package, made as `deno task pack` makes it and used as its users would. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { startGateway } from "../support/gateway_server.ts";
import { importOf, installPackage, type Project } from "./installed_package.ts";

const testdata = (name: string): string => {
  return fileURLToPath(new URL(`./testdata/${name}`, import.meta.url));
};

/** All tests use the package as one npm has installed: to make it takes longer than all of them. */
let project: Project;

Deno.test.beforeAll(async () => {
  project = await installPackage();
});

Deno.test.afterAll(() => project[Symbol.asyncDispose]());

Deno.test("the package works in a plain Node project", async () => {
  await using gateway = await startGateway();
  const token = await gateway.token({ sub: "node" });
  const script = await project.add(testdata("player.mjs.txt"), "player.mjs");
  const output = await project.run("node", [script, gateway.socketUrl, token]);
  assert.deepEqual(JSON.parse(output), {
    user: "node",
    status: "away",
    online: ["node"],
    refused: -32601,
    state: "closed",
  });
});

Deno.test("the package's types work for a TypeScript project, however it resolves modules", async () => {
  const source = await project.add(testdata("consumer.ts.txt"), "consumer.ts");
  const compiler = `${await importOf("typescript")}/tsc`;
  const modes = [["nodenext", "nodenext"], ["esnext", "bundler"]];
  await Promise.all(modes.map(([module, resolution]) =>
    project.run(Deno.execPath(), [
      ...["run", "--no-prompt", "--no-lock", "--allow-read", "--allow-env", "--allow-sys"],
      ...[compiler, "--noEmit", "--strict", "--target", "es2022"],
      ...["--exactOptionalPropertyTypes", "--verbatimModuleSyntax", "--isolatedModules"],
      // The compiler's own libraries are not ours to check; the package's declarations are.
      ...["--lib", "es2023,dom,dom.iterable", "--skipDefaultLibCheck"],
      ...["--module", `${module}`, "--moduleResolution", `${resolution}`, source],
    ])
  ));
});

Deno.test("browser bundles are small, and hold only what is used", async () => {
  const size = async (source: string): Promise<number> => {
    const entry = await project.write("entry.js", source);
    await project.run(Deno.execPath(), [
      ...["bundle", "--minify", "--platform", "browser", "--output", "bundle.js", entry],
    ]);
    return gzipSync(await Deno.readFile(`${project.folder}/bundle.js`)).length;
  };
  const client = 'export { WaygateClient } from "@waygate/client";';
  const elements = 'import "@waygate/client/elements";';
  const sizes = {
    client: await size(client),
    withElements: await size(client + elements),
    oneConstant: await size('export { CloseCode } from "@waygate/client";'),
  };
  console.log("Bytes gzipped:", sizes);
  assert.ok(sizes.client < 12 * 1024);
  assert.ok(sizes.withElements < 20 * 1024);
  assert.ok(sizes.oneConstant < 512);
});
