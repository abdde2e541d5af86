/**
 * What events to a location promise.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { EventEntry, EventStream } from "../../../src/events/stream.ts";
import { event, follow, hears, type OpenStreamPlace, send, seqs } from "./place.ts";

interface HeardAt {
  readonly entries: EventEntry[];
  stop(): void;
}

export function testStreamLocations(name: string, open: OpenStreamPlace): void {
  Deno.test(`${name}: followLocation() hands over what is sent there, in one order with the users'`, async () => {
    await using place = await open();
    const [a, b] = [await place.node(), await place.node()];
    const order: number[] = [];
    const following = b.follow("ann", { onEntry: ({ seq }) => order.push(seq), onLost: () => {} });
    b.followLocation("zone:x", ({ seq }) => order.push(seq));
    await following.ready;

    const sent: number[] = [];
    for (let i = 0; i < 20; i++) {
      sent.push(i % 2 ? await send(a, "ann") : await sendTo(a, "zone:x"));
    }

    await hears({
      get entries() {
        return order.map((seq) => ({ seq })) as EventEntry[];
      },
    }, 20);
    assert.deepEqual(order, sent);
  });

  Deno.test(`${name}: an event to a location is the same object for all of a node who are there`, async () => {
    await using place = await open();
    const stream = await place.node();
    const [first, second, elsewhere] = [
      followAt(stream, "zone:x"),
      followAt(stream, "zone:x"),
      followAt(stream, "zone.x"),
    ];
    await follow(stream, "ann");
    const body = event("", { to: { location: "zone:x" } });

    const { seq } = await stream.appendToLocation("zone:x", body, body.event_id);
    const again = await stream.appendToLocation("zone:x", body, body.event_id);

    await hears(first, 1);
    await hears(second, 1);
    assert.deepEqual(again, { seq, duplicate: true });
    assert.deepEqual(first.entries, [{ seq, notification: "player.event", params: body }]);
    assert.equal(first.entries[0], second.entries[0]);
    assert.deepEqual(elsewhere.entries, []);
  });

  Deno.test(`${name}: who has left a location gets nothing more, and the others go on`, async () => {
    await using place = await open();
    const stream = await place.node();
    const [leaves, stays] = [followAt(stream, "lobby"), followAt(stream, "lobby")];
    await follow(stream, "ann");

    leaves.stop();
    leaves.stop();
    await sendTo(stream, "lobby");
    await hears(stays, 1);
    stays.stop();
    const back = followAt(stream, "lobby");
    await follow(stream, "ann");
    await sendTo(stream, "lobby");

    await hears(back, 1);
    assert.deepEqual([leaves.entries.length, stays.entries.length], [0, 1]);
  });

  Deno.test(`${name}: replay() has nothing of what went to locations`, async () => {
    await using place = await open();
    const stream = await place.node();
    const start = await send(stream, "ann");
    await sendTo(stream, "lobby");
    await sendTo(stream, "ann");
    const own = await send(stream, "ann");
    await sendTo(stream, "lobby");

    assert.deepEqual(seqs((await stream.replay("ann", start)).entries), [own]);
  });
}

function followAt(stream: EventStream, location: string): HeardAt {
  const entries: EventEntry[] = [];
  return { entries, stop: stream.followLocation(location, (entry) => void entries.push(entry)) };
}

async function sendTo(stream: EventStream, location: string): Promise<number> {
  const body = event("", { to: { location } });
  return (await stream.appendToLocation(location, body, body.event_id)).seq;
}
