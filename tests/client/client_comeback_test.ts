import assert from "node:assert/strict";
import { WaygateClient } from "../../src/client/client.ts";
import { until } from "../support/wait.ts";
import { startGateway } from "./support/gateway_server.ts";

const CLIENTS = 200;

/** In how many slices the window is looked at. */
const SLICES = 5;

Deno.test("200 clients come back over the window that a restarting gateway gives", async () => {
  await using gateway = await startGateway();
  const token = await Promise.all(
    Array.from({ length: CLIENTS }, (_, index) => gateway.token({ sub: `u${index}` })),
  );
  const clients = token.map((token) => new WaygateClient({ url: gateway.socketUrl, token }));
  await Promise.all(clients.map((client) => client.connect()));
  const leftAt: number[] = [];
  const asked: number[] = [];
  const cameBackAfter: number[] = [];
  for (const [index, client] of clients.entries()) {
    client.once("system.shutdown", ({ reconnect_after_ms }) => asked[index] = reconnect_after_ms);
    client.on("state", ({ state, previous }) => {
      if (previous === "connected") leftAt[index] = Date.now();
      if (state === "connected") cameBackAfter[index] = Date.now() - (leftAt[index] ?? 0);
    });
  }
  await gateway.restart();
  await until(() => clients.every(({ state }) => state === "connected"), {
    what: "all to be back",
    timeoutMs: 60_000,
  });
  await Promise.all(clients.map((client) => client.disconnect()));

  const early = cameBackAfter.filter((backMs, index) => backMs < (asked[index] ?? Infinity));
  assert.deepEqual(early, [], "came back before they were asked to");
  const first = Math.min(...asked);
  const sliceMs = (Math.max(...asked) - first) / SLICES;
  const slices = Array.from({ length: SLICES }, (_, slice) => {
    return cameBackAfter.filter((ms) => Math.floor((ms - first) / sliceMs) === slice).length;
  });
  // Even shares are 40; a random one is over 70 once in a million runs.
  assert.ok(Math.max(...slices) <= 70, `${slices} came back in slices of ${sliceMs} ms`);
});
