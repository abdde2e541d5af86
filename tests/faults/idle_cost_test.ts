import assert from "node:assert/strict";
import { Crowd } from "./crowd.ts";
import { FaultPlace, IS_LONG, since } from "./fault_place.ts";

/** Short: a lease so short that as many renewals fall into the window as in a minute by default. */
const WINDOW_MS = IS_LONG ? 60_000 : 3000;
const LEASE_MS = IS_LONG ? 15_000 : 1000;
const CROWDS = IS_LONG ? [0, 100, 900] : [0, 100];

/** A renewal more or less of each of the two nodes, and what its script does. */
const HANDFUL = 10;

const place = await FaultPlace.start({ env: { NODE_LEASE_MS: `${LEASE_MS}` } });
Deno.test.afterAll(() => place[Symbol.asyncDispose]());

Deno.test("idle connections cost Redis nothing: as many commands with them as without", async () => {
  await using crowd = new Crowd();
  const totals: number[] = [];
  let connected = 0;
  for (const more of CROWDS) {
    await crowd.join(place.eu.wsUrl, more, { from: connected });
    connected += more;
    const commands = await commandsIn(WINDOW_MS);
    const total = [...commands.values()].reduce((sum, count) => sum + count, 0);
    totals.push(total);
    if (IS_LONG) {
      const each = [...commands].map(([name, count]) => `${name} ${count}`).join(", ");
      console.log(`${connected} idle: ${total} commands in ${WINDOW_MS / 1000} s (${each})`);
    }
  }
  assert.ok(Math.max(...totals) - Math.min(...totals) <= HANDFUL, totals.join());
  const { open } = await crowd.view();
  assert.equal(open, connected);
});

/** What Redis ran meanwhile, by name, the questions themselves left out. */
async function commandsIn(ms: number): Promise<Map<string, number>> {
  const startedAt = performance.now();
  const before = await place.commandCounts();
  await since(startedAt, ms);
  const after = await place.commandCounts();
  const ran = [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
  return new Map(ran.filter(([name, count]) => count > 0 && name !== "info"));
}
