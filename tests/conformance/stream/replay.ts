/**
 * What a replay promises.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Replay } from "../../../src/events/stream.ts";
import { announcement, event, follow, hears, type OpenStreamPlace, send, seqs } from "./place.ts";

const INCOMPLETE: Replay = { complete: false, entries: [] };

export function testStreamReplay(name: string, open: OpenStreamPlace): void {
  Deno.test(`${name}: replay() gives what was stored after a number, in order, announcements among it`, async () => {
    await using place = await open();
    const [a, b] = [await place.node(), await place.node()];
    await send(a, "ann");
    const start = await send(a, "ann");
    const sent: number[] = [];
    for (let i = 0; i < 12; i++) {
      await send(a, "bob");
      sent.push(i % 3 === 0 ? (await b.announce(announcement())).seq : await send(b, "ann"));
    }

    const replay = await b.replay("ann", start);

    assert.equal(replay.complete, true);
    assert.deepEqual(seqs(replay.entries), sent);
    assert.deepEqual(await a.replay("ann", start), replay);
    assert.deepEqual(seqs((await a.replay("ann", sent[5] ?? 0)).entries), sent.slice(6));
    assert.deepEqual(await a.replay("ann", sent.at(-1) ?? 0), { complete: true, entries: [] });
  });

  Deno.test(`${name}: replay() after what ready gave is complete, however much went to others`, async () => {
    await using place = await open();
    const stream = await place.node();
    for (let i = 0; i < 5; i++) await send(stream, "bob");
    const { ready } = await follow(stream, "ann");
    const start = await ready;

    assert.deepEqual(await stream.replay("ann", start), { complete: true, entries: [] });
    for (let i = 0; i < 5; i++) await send(stream, "bob");
    assert.deepEqual(await stream.replay("ann", start), { complete: true, entries: [] });
  });

  Deno.test(`${name}: replay() after 0 gives all that is kept`, async () => {
    await using place = await open();
    const stream = await place.node();
    const sent = [await send(stream, "ann"), await send(stream, "ann")];

    assert.deepEqual(seqs((await stream.replay("ann", 0)).entries), sent);
    assert.deepEqual(await stream.replay("nobody", 0), { complete: true, entries: [] });
  });

  Deno.test(`${name}: replay() is incomplete after a number that the storage does not know`, async () => {
    await using place = await open();
    const stream = await place.node();
    const seq = await send(stream, "ann");

    assert.deepEqual(await stream.replay("ann", seq + 1), INCOMPLETE);
    assert.deepEqual(await stream.replay("ann", 1), INCOMPLETE);
  });

  Deno.test(`${name}: replay() of a thousand entries is complete and in order`, async () => {
    await using place = await open();
    const stream = await place.node();
    const start = await send(stream, "ann");
    const sent = await Promise.all(Array.from({ length: 1000 }, () => send(stream, "ann")));

    const replay = await stream.replay("ann", start);

    assert.equal(replay.complete, true);
    assert.deepEqual(seqs(replay.entries), sent.toSorted((a, b) => a - b));
  });

  Deno.test(`${name}: a user with more than is kept of one gets no replay, the others do`, async () => {
    await using place = await open({ maxPerUser: 10 });
    const stream = await place.node();
    const start = await send(stream, "bob");
    const sent: number[] = [];
    for (let i = 0; i < 30; i++) sent.push(await send(stream, "ann"));

    assert.deepEqual(await stream.replay("ann", start), INCOMPLETE);
    assert.deepEqual(await stream.replay("ann", sent[18] ?? 0), INCOMPLETE);
    assert.deepEqual(seqs((await stream.replay("ann", sent[24] ?? 0)).entries), sent.slice(25));
    assert.deepEqual(await stream.replay("bob", start), { complete: true, entries: [] });
  });

  Deno.test(`${name}: replay() is incomplete where entries had to go for want of room`, async () => {
    await using place = await open({ maxBytes: 64 * 1024 });
    const stream = await place.node();
    const start = await send(stream, "ann");
    const payload = "x".repeat(4096);
    let seq = start;
    for (let i = 0; i < 40; i++) {
      ({ seq } = await stream.append("ann", event("ann", { payload }), `${i}`));
    }

    assert.deepEqual(await stream.replay("ann", start), INCOMPLETE);
    const last = await send(stream, "ann");
    assert.deepEqual(seqs((await stream.replay("ann", seq)).entries), [last]);
  });

  Deno.test(`${name}: entries go when they are older than the window, and that alarms nobody`, async () => {
    await using place = await open({ windowMs: 200 });
    const stream = await place.node();
    const heard = await follow(stream, "ann");
    const start = await send(stream, "ann");
    await send(stream, "ann");
    await stream.announce(announcement());
    await hears(heard, 3);

    await place.age();

    assert.deepEqual(await stream.replay("ann", start), { complete: true, entries: [] });
    assert.deepEqual(await stream.replay("ann", 0), { complete: true, entries: [] });
    const seq = await send(stream, "ann");
    assert.deepEqual(seqs((await stream.replay("ann", start)).entries), [seq]);
    await hears(heard, 4);
    assert.equal(heard.lost, 0);
  });
}
