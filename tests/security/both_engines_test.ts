import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { backendsEnvironment, sharedBackends } from "../support/backends.ts";
import { isLong } from "./engines.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Tests over real sockets; a run without `WAYGATE_TEST_ENGINE` holds the default engine to them. */
const FILES: readonly string[] = [
  "tests/gateway/upgrade_test.ts",
  "tests/gateway/http_test.ts",
  "tests/gateway/json_rpc_test.ts",
  "tests/gateway/handlers_test.ts",
  "tests/e2e/gateway_limits_test.ts",
  "tests/e2e/gateway_drain_test.ts",
  "tests/client/client_gateway_test.ts",
  // What is further from the socket, where there is time.
  ...(isLong ? ["tests/methods/", "tests/e2e/lobby_test.ts"] : []),
];

const backends = await sharedBackends();

if (process.env["WAYGATE_TEST_ENGINE"] === undefined) {
  Deno.test("what the default engine is held to, engine ws does as well", async () => {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      // Most of them wait most of the time.
      args: ["test", "--parallel", "--no-check", "--no-prompt", "--allow-all", ...FILES],
      cwd: ROOT,
      env: {
        ...backendsEnvironment(backends),
        WAYGATE_TEST_ENGINE: "ws",
        NO_COLOR: "1",
        DENO_JOBS: "4",
      },
    }).output();
    const output = new TextDecoder().decode(stdout);
    assert.ok(success, `${output}\n${new TextDecoder().decode(stderr)}`);
    assert.match(output, /ok \| \d\d+ passed/);
  });
}
