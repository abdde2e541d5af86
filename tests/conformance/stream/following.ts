/**
 * What following promises.
 *
 * @module
 */
import assert from "node:assert/strict";
import { until } from "../../support/wait.ts";
import {
  announcement,
  beginToFollow,
  follow,
  hears,
  type OpenStreamPlace,
  send,
  seqs,
} from "./place.ts";

export function testStreamFollowing(name: string, open: OpenStreamPlace): void {
  Deno.test(`${name}: follow() hands over a user's entries in order, each once, on every node`, async () => {
    await using place = await open();
    const [a, b] = [await place.node(), await place.node()];
    const heard = [await follow(a, "ann"), await follow(b, "ann"), await follow(b, "ann")];

    const sent = await Promise.all(Array.from({ length: 300 }, async (_, i) => {
      const stream = i % 2 ? a : b;
      return i % 50 === 0 ? (await stream.announce(announcement())).seq : await send(stream, "ann");
    }));

    const wanted = sent.toSorted((x, y) => x - y);
    for (const one of heard) {
      await hears(one, 300);
      assert.deepEqual(seqs(one.entries), wanted);
    }
  });

  Deno.test(`${name}: follow() hands over nothing of other users`, async () => {
    await using place = await open();
    const stream = await place.node();
    const heard = await follow(stream, "ann");

    await send(stream, "bob");
    const own = await send(stream, "ann");

    await hears(heard, 1);
    assert.deepEqual(seqs(heard.entries), [own]);
  });

  Deno.test(`${name}: ready tells the number after which entries are handed over`, async () => {
    await using place = await open();
    const [a, b] = [await place.node(), await place.node()];
    const before = await send(a, "ann");
    const first = beginToFollow(b, "ann");
    const start = await first.ready;
    const between = await send(a, "ann");
    const second = beginToFollow(b, "ann");
    const later = await second.ready;
    const after = await send(a, "ann");

    await hears(second, 1);
    assert.ok(before <= start && start < between && between <= later && later < after);
    assert.deepEqual(seqs(first.entries), [between, after]);
    assert.deepEqual(seqs(second.entries), [after]);
  });

  Deno.test(`${name}: an announcement is the same object for all followers of a node`, async () => {
    await using place = await open();
    const stream = await place.node();
    const heard = [
      await follow(stream, "ann"),
      await follow(stream, "bob"),
      await follow(stream, "bob"),
    ];

    await stream.announce(announcement());

    for (const one of heard) await hears(one, 1);
    assert.equal(new Set(heard.map(({ entries }) => entries[0])).size, 1);
  });

  Deno.test(`${name}: stop() ends one interest and leaves the others`, async () => {
    await using place = await open();
    const stream = await place.node();
    const [gone, stays] = [await follow(stream, "ann"), await follow(stream, "ann")];

    gone.stop();
    gone.stop();
    await send(stream, "ann");
    await hears(stays, 1);
    stays.stop();
    await send(stream, "ann");
    const again = await follow(stream, "ann");
    await send(stream, "ann");

    await hears(again, 1);
    assert.deepEqual([gone.entries.length, stays.entries.length, again.entries.length], [0, 1, 1]);
  });

  Deno.test(`${name}: a follower may stop, follow and store from within`, async () => {
    await using place = await open();
    const stream = await place.node();
    const steps: string[] = [];
    const other = await follow(stream, "bob");
    const following = stream.follow("ann", {
      onEntry: () => {
        steps.push("entry");
        following.stop();
        void send(stream, "ann");
        void send(stream, "bob");
      },
      onLost: () => {},
    });
    await following.ready;
    const bystander = await follow(stream, "ann");

    await send(stream, "ann");

    await hears(bystander, 2);
    await hears(other, 1);
    assert.deepEqual(steps, ["entry"]);
    assert.deepEqual(seqs(bystander.entries), seqs(bystander.entries).toSorted((a, b) => a - b));
  });

  Deno.test(`${name}: a follower that throws harms nobody`, async () => {
    await using place = await open();
    const stream = await place.node();
    let calls = 0;
    const bad = stream.follow("ann", {
      onEntry: () => {
        calls++;
        throw new Error("Thrown by a test");
      },
      onLost: () => {},
    });
    await bad.ready;
    const good = await follow(stream, "ann");

    await send(stream, "ann");
    await send(stream, "ann");

    await hears(good, 2);
    await until(() => calls === 2, { what: "both calls" });
  });
}
