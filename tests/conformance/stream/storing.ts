/**
 * What storing promises.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  announcement,
  event,
  follow,
  hears,
  type OpenStreamPlace,
  rejectsWith,
  seqs,
} from "./place.ts";

export function testStreamStoring(name: string, open: OpenStreamPlace): void {
  Deno.test(`${name}: append() numbers the event as its followers and a replay see it`, async () => {
    await using place = await open();
    const [a, b] = [await place.node(), await place.node()];
    const heard = await follow(b, "ann");
    const body = event("ann", {
      payload: { text: "ünïcode 😀", list: [1, null, "x"], deep: { a: 1 } },
    });

    const { seq, duplicate } = await a.append("ann", body, body.event_id);

    await hears(heard, 1);
    const entry = { seq, notification: "player.event", params: body };
    assert.equal(duplicate, false);
    assert.deepEqual(heard.entries, [entry]);
    assert.deepEqual(await b.replay("ann", seq - 1), { complete: true, entries: [entry] });
  });

  Deno.test(`${name}: announce() numbers the announcement in the same order`, async () => {
    await using place = await open();
    const stream = await place.node();
    const heard = await follow(stream, "ann");
    const body = announcement({ level: "critical" });

    const first = await stream.append("ann", event("ann"), "1");
    const second = await stream.announce(body);
    const third = await stream.append("ann", event("ann"), "2");

    await hears(heard, 3);
    assert.deepEqual(seqs(heard.entries), [first.seq, second.seq, third.seq]);
    assert.deepEqual(seqs(heard.entries), seqs(heard.entries).toSorted((a, b) => a - b));
    assert.deepEqual(heard.entries[1], {
      seq: second.seq,
      notification: "system.announcement",
      params: body,
    });
  });

  Deno.test(`${name}: append() stores what has the same id once, from whatever node`, async () => {
    await using place = await open();
    const [a, b] = [await place.node(), await place.node()];
    const heard = await follow(a, "ann");

    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? a : b).append("ann", event("ann"), "same")),
    );
    const after = await b.append("ann", event("ann"), "other");

    await hears(heard, 2);
    assert.equal(outcomes.filter(({ duplicate }) => !duplicate).length, 1);
    assert.equal(new Set(outcomes.map(({ seq }) => seq)).size, 1);
    assert.deepEqual(seqs(heard.entries), [outcomes[0]?.seq, after.seq]);
  });

  Deno.test(`${name}: append() tells apart what differs in sender, addressee or id`, async () => {
    await using place = await open();
    const stream = await place.node();

    const outcomes = [
      await stream.append("ann", event("ann", { from: "bob" }), "1"),
      await stream.append("ann", event("ann", { from: "eve" }), "1"),
      await stream.append("ann", event("ann", { from: null }), "1"),
      await stream.append("ann", event("ann", { from: "bob" }), "1\r\nX: y \u0000 ü \ud800"),
      await stream.append("bob", event("bob", { from: "bob" }), "1"),
      await stream.appendToLocation("ann", event("ann", { to: { location: "ann" } }), "1"),
      await stream.announce(announcement({ announcement_id: "1" })),
    ];

    assert.deepEqual(outcomes.map(({ duplicate }) => duplicate), outcomes.map(() => false));
    assert.equal((await stream.announce(announcement({ announcement_id: "1" }))).duplicate, true);
  });

  Deno.test(`${name}: append() refuses what is too large, and stores nothing of it`, async () => {
    await using place = await open();
    const stream = await place.node();
    const start = await stream.append("ann", event("ann"), "before");

    await rejectsWith(
      "too_large",
      stream.append("ann", event("ann", { payload: "x".repeat(1_100_000) }), "large"),
    );

    assert.deepEqual((await stream.replay("ann", start.seq)).entries, []);
  });

  Deno.test(`${name}: any user id has a stream of its own`, async () => {
    await using place = await open();
    const stream = await place.node();
    const ids = ["users", "a.b", "*", ">", "a b", "😀", "__proto__", "%", "%2E", "constructor"];
    const heard = await Promise.all(ids.map((id) => follow(stream, id)));

    const sent = await Promise.all(ids.map((id) => stream.append(id, event(id), "1")));

    for (const [index, id] of ids.entries()) {
      const one = heard[index];
      assert.ok(one);
      await hears(one, 1);
      assert.deepEqual(seqs(one.entries), [sent[index]?.seq]);
      const { entries } = await stream.replay(id, (sent[index]?.seq ?? 0) - 1);
      assert.deepEqual(entries, one.entries);
    }
  });
}
