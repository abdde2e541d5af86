import assert from "node:assert/strict";
import { startBackends } from "../support/backends.ts";
import type { GameClient } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import {
  acquainted,
  eventsOf,
  isLong,
  lastSeqOf,
  type Nodes,
  PATIENCE_MS,
  player,
  resume,
  startNodes,
} from "./nodes.ts";
import { sendAtRate, sendEvent, type Sent } from "./sender.ts";

const backends = await startBackends();

const ROUNDS = isLong ? 20 : 2;
const PER_SECOND = 200;
const EVENTS = 500;
/** The node is killed when the reader has got somewhere between so many. */
const KILLED_AFTER = { min: 100, max: 300 };
/** The reader comes back at once, or when up to so many more were sent. */
const MAX_AWAY = 150;

/** Checks that the clients of one user together got exactly these, in order. */
function assertComplete(clients: readonly GameClient[], eventIds: readonly string[]): void {
  const events = eventsOf(...clients);
  assert.deepEqual(events.map(({ event_id }) => event_id).toSorted(), eventIds.toSorted());
  for (const [index, { seq }] of events.entries()) {
    assert.ok(index === 0 || seq > (events[index - 1]?.seq ?? 0), `order at ${index}`);
  }
}

/** Kills the reader's node while events are coming and goes on with the other one. */
async function playRound({ a, b }: Nodes, reader: string): Promise<Sent> {
  const before = await player(a, reader);
  await using sender = await player(b, "sender");
  const killAt = KILLED_AFTER.min + randomBelow(KILLED_AFTER.max - KILLED_AFTER.min);
  const backAt = killAt + randomBelow(2) * randomBelow(MAX_AWAY);
  let sentCount = 0;
  const killing = until(() => before.all("player.event").length >= killAt, {
    what: `${killAt} events`,
    timeoutMs: PATIENCE_MS,
    intervalMs: 2,
  }).then(() => a.kill());
  const sending = sendAtRate(sender, {
    userId: reader,
    count: EVENTS,
    perSecond: PER_SECOND,
    onSent: (count) => sentCount = count,
  });
  await killing;
  assert.equal((await before.closed).code, 1006);
  await until(() => sentCount >= backAt, { what: "the reader's return", timeoutMs: PATIENCE_MS });

  await using after = await player(b, reader);
  const { resumed, replayed } = await resume(after, before.sessionId, lastSeqOf(before));
  assert.ok(resumed);
  const sent = await sending;
  await until(() => eventsOf(before, after).length >= EVENTS, {
    what: `all of ${EVENTS} events`,
    timeoutMs: PATIENCE_MS,
  });
  assertComplete([before, after], sent.eventIds);
  if (sent.retries === 0) {
    const payloads = eventsOf(before, after).map(({ payload }) => payload);
    assert.deepEqual(payloads, Array.from({ length: EVENTS }, (_, index) => index));
  }
  if (isLong) console.log({ killAt, backAt, replayed, retries: sent.retries });
  return sent;
}

Deno.test(`a killed node's client misses nothing on another one (${ROUNDS} rounds)`, async () => {
  await using nodes = await startNodes(backends);
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0) {
      await nodes.a.restart();
      await acquainted(nodes.a, nodes.b);
    }
    await playRound(nodes, `reader ${round}`);
  }
});

function randomBelow(limit: number): number {
  return Math.floor(Math.random() * limit);
}

const READERS = Array.from({ length: 100 }, (_, index) => `reader ${index}`);

/** Sends each reader an event; gives the ids, reader by reader. */
async function toEach(sender: GameClient): Promise<string[]> {
  return await Promise.all(
    READERS.map((reader) => sendEvent(sender, { to: { user_id: reader }, type: "tick" })),
  );
}

/**
 * Kills the node of 100 readers and lets them all resume at once on the other.
 *
 * @param isEnded whether their sessions have been ended by then
 */
async function massResume(isEnded: boolean): Promise<void> {
  await using nodes = await startNodes(backends, { PRESENCE_AUTO_SUBSCRIBE: "none" });
  const { a, b } = nodes;
  await using sender = await player(b, "sender");
  const before = await Promise.all(READERS.map((reader) => player(a, reader)));
  const ids = [await toEach(sender), await toEach(sender)];
  await until(() => before.every((client) => eventsOf(client).length === 2), {
    what: "two events each",
    timeoutMs: PATIENCE_MS,
  });
  await a.kill();
  await Promise.all(before.map(({ closed }) => closed));
  const missed = toEach(sender);
  if (isEnded) await offline(sender);

  const resuming = before.map(async (earlier, index) => {
    const client = await player(b, READERS[index] ?? "");
    const { resumed } = await resume(client, earlier.sessionId, lastSeqOf(earlier));
    assert.ok(resumed, READERS[index]);
    return client;
  });
  const live = toEach(sender);
  const after = await Promise.all(resuming);
  ids.push(await missed, await live, await toEach(sender));
  await until(() => after.every((client) => eventsOf(client).length >= 3), {
    what: "the missed and the live events of each",
    timeoutMs: PATIENCE_MS,
  });
  for (const [index, client] of after.entries()) {
    const expected = ids.map((round) => round[index] as string);
    assertComplete([before[index] as GameClient, client], expected);
  }
  await Promise.all(after.map((client) => client.close()));
}

/** Waits until nobody but the client is online. */
async function offline(client: GameClient): Promise<void> {
  await until(async () => {
    const { total } = await client.call<{ total: number }>("presence.list", {});
    return total === 1;
  }, { what: "the others to be offline", timeoutMs: PATIENCE_MS, intervalMs: 50 });
}

Deno.test("100 clients resume at once while the killed node's sessions still live", async () => {
  await massResume(false);
});

Deno.test("100 clients resume at once after the killed node's sessions were ended", async () => {
  await massResume(true);
});
