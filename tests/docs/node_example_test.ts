import assert from "node:assert/strict";
import { join } from "node:path";
import { installPackage } from "../client/package/installed_package.ts";
import { serveGateway } from "../gateway/local_gateway.ts";
import { ROOT } from "./markdown.ts";

Deno.test("the guide's program for Node connects and lists who is online", async () => {
  await using gateway = await serveGateway();
  await using project = await installPackage();
  const program = await project.add(join(ROOT, "docs/examples/node/player.mjs"));
  const said = await project.run("node", [program, gateway.wsUrl, await gateway.token("ann")]);
  assert.match(said, /^connecting \nconnected \nHello, ann\n1 online: ann\nclosed /);
});
