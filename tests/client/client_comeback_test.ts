import assert from "node:assert/strict";
import { WaygateClient } from "../../src/client/client.ts";
import { until } from "../support/wait.ts";
import { startGateway } from "./support/gateway_server.ts";

const CLIENTS = 200;

/** In how many slices the window is looked at. */
const SLICES = 4;

/** What one client was asked, and did. */
interface Comeback {
  askedMs: number;
  leftAt: number;
  /** When it first tried to come back; it may have to try again while the gateway starts. */
  triedAt: number;
}

Deno.test("200 clients come back over the window that a restarting gateway gives", async () => {
  await using gateway = await startGateway();
  const comebacks: Comeback[] = [];
  const clients = await Promise.all(Array.from({ length: CLIENTS }, async (_, index) => {
    const comeback = comebacks[index] = { askedMs: 0, leftAt: 0, triedAt: 0 };
    const token = await gateway.token({ sub: `u${index}` });
    const client = new WaygateClient({
      url: gateway.socketUrl,
      token() {
        // Asked for at the start of each try.
        if (comeback.leftAt > 0) comeback.triedAt ||= Date.now();
        return token;
      },
    });
    client.on("system.shutdown", ({ reconnect_after_ms }) => comeback.askedMs = reconnect_after_ms);
    client.on("state", ({ previous }) => {
      if (previous === "connected") comeback.leftAt ||= Date.now();
    });
    await client.connect();
    return client;
  }));
  await gateway.restart();
  await until(() => clients.every(({ state }) => state === "connected"), {
    what: "all to be back",
    timeoutMs: 90_000,
  });
  await Promise.all(clients.map((client) => client.disconnect()));

  // Clocks and timers count whole milliseconds.
  const early = comebacks.filter(({ askedMs, leftAt, triedAt }) => triedAt - leftAt < askedMs - 2);
  assert.deepEqual(early, [], "came back before they were asked to");
  const asked = comebacks.map(({ askedMs }) => askedMs);
  const sliceMs = (Math.max(...asked) - Math.min(...asked)) / SLICES;
  const waits = comebacks.map(({ leftAt, triedAt }) => triedAt - leftAt - Math.min(...asked));
  const slices = Array.from({ length: SLICES }, (_, slice) => {
    return waits.filter((waitMs) => Math.floor(waitMs / sliceMs) === slice).length;
  });
  // Even shares are 50; a random one is over 90 once in some million runs.
  assert.ok(Math.max(...slices) <= 90, `${slices} came back in slices of ${sliceMs} ms`);
});
