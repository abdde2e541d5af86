import assert from "node:assert/strict";
import fc from "fast-check";
import type { StreamEntry } from "../../src/events/stream.ts";
import { Audience } from "../../src/gateway/audience.ts";
import { EventLine } from "../../src/gateway/event_line.ts";
import {
  type LinkedConnection,
  type LinkedOptions,
  openLinked,
} from "../gateway/linked_connection.ts";
import { entry } from "./entries.ts";

interface Player extends LinkedConnection {
  readonly line: EventLine;
  /** The `seq` of what the client got, in that order. */
  readonly seqs: () => unknown[];
}

function encode({ seq, params }: StreamEntry): string {
  return JSON.stringify({ seq, ...params });
}

function join(host: LinkedOptions["host"] = {}): Player {
  const caughtUp = { flow() {} };
  const linked = openLinked({ host: { ...host, onCaughtUp: () => caughtUp.flow() } });
  const line = new EventLine(linked.connection, encode);
  caughtUp.flow = () => line.flow();
  return { ...linked, line, seqs: () => linked.client.messages.map(({ seq }) => seq) };
}

function send(audience: Audience, ...seqs: readonly number[]): void {
  for (const seq of seqs) audience.send(entry(seq), encode(entry(seq)));
}

Deno.test("Audience.send() reaches whoever is there then", () => {
  using ann = join();
  using bob = join();
  const audience = new Audience();
  send(audience, 1);
  ann.line.moveTo(audience);
  send(audience, 2, 3);
  bob.line.moveTo(audience);
  assert.equal(audience.size, 2);
  send(audience, 4, 5);
  ann.line.moveTo(undefined);
  assert.equal(audience.size, 1);
  send(audience, 6);
  assert.deepEqual(ann.seqs(), [2, 3, 4, 5]);
  assert.deepEqual(bob.seqs(), [4, 5, 6]);
});

Deno.test("Audience.send() keeps back what a line holds back, and not twice", () => {
  using ann = join();
  using bob = join();
  const audience = new Audience();
  for (const { line } of [ann, bob]) line.moveTo(audience);
  send(audience, 1, 2);
  ann.line.hold();
  send(audience, 3, 4);
  assert.deepEqual(ann.seqs(), [1, 2]);
  ann.line.release();
  send(audience, 5);
  for (const player of [ann, bob]) assert.deepEqual(player.seqs(), [1, 2, 3, 4, 5]);
});

Deno.test("Audience.send() sends nothing again that a resumed session has got elsewhere", () => {
  using ann = join();
  const audience = new Audience();
  ann.line.hold();
  ann.line.moveTo(audience);
  assert.equal(ann.line.goOn(12, []), 0);
  ann.line.release();
  send(audience, 10, 12, 13, 14);
  assert.deepEqual(ann.seqs(), [13, 14]);
});

Deno.test("what an audience has sent counts as sent when something missed is to come before it", () => {
  using ann = join();
  const audience = new Audience();
  ann.line.moveTo(audience);
  send(audience, 7, 8, 9);
  ann.line.hold();
  assert.equal(ann.line.goOn(5, [entry(6)]), undefined);
  assert.equal(ann.line.goOn(6, [entry(8), entry(10)]), 1);
  ann.line.release();
  assert.deepEqual(ann.seqs(), [7, 8, 9, 10]);
});

Deno.test("a reader that is too slow ends, and the others get the event", () => {
  const audience = new Audience();
  using slow = join({ sendQueueBytes: 4096 });
  using swift = join();
  for (const { line } of [slow, swift]) line.moveTo(audience);
  slow.client.pause();
  for (let seq = 1; seq <= 100; seq++) {
    audience.send(entry(seq, "x".repeat(500)), encode(entry(seq, "x".repeat(500))));
    if (slow.ends.length > 0) slow.line.moveTo(undefined);
  }
  assert.deepEqual(slow.ends, [{ code: 4408, isClean: true }]);
  assert.equal(swift.seqs().length, 100);
  assert.equal(audience.size, 1);
});

/** What can happen to a player at a location; `seq` grows with every event. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant("event here" as const) },
  { weight: 2, arbitrary: fc.constant("event there" as const) },
  { weight: 3, arbitrary: fc.constant("event to the player" as const) },
  { weight: 2, arbitrary: fc.constantFrom("hold" as const, "release" as const) },
  { weight: 1, arbitrary: fc.constant("go on" as const) },
  { weight: 2, arbitrary: fc.constantFrom("here" as const, "there" as const, "away" as const) },
  { weight: 1, arbitrary: fc.constantFrom("pause" as const, "read" as const) },
);

Deno.test("an audience is the same to a client as deciding about each entry for it alone", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      using together = join();
      using alone = join();
      const both = [together, alone];
      const audiences = { here: new Audience(), there: new Audience() };
      let place: keyof typeof audiences | undefined;
      let seq = 0;
      /** The player's own events, as the stream has them. */
      const stored: number[] = [];
      let isHeld = false;
      const toLocation = (location: keyof typeof audiences): void => {
        const next = entry(++seq);
        audiences[location].send(next, encode(next));
        if (place === location) alone.line.take(next, encode(next));
      };
      for (const happening of steps) {
        if (happening === "event here") toLocation("here");
        else if (happening === "event there") toLocation("there");
        else if (happening === "event to the player") {
          stored.push(++seq);
          for (const { line } of both) line.take(entry(seq));
        } else if (happening === "hold" || happening === "release") {
          isHeld = happening === "hold";
          for (const { line } of both) line[happening]();
        } else if (happening === "go on") {
          if (!isHeld) continue;
          const afterSeq = Math.max(0, seq - 5);
          const missed = stored.filter((one) => one > afterSeq).map((one) => entry(one));
          assert.equal(together.line.goOn(afterSeq, missed), alone.line.goOn(afterSeq, missed));
        } else if (happening === "pause") {
          for (const { client } of both) client.pause();
        } else if (happening === "read") {
          for (const { client } of both) client.read(100);
        } else {
          place = happening === "away" ? undefined : happening;
          together.line.moveTo(place && audiences[place]);
        }
      }
      for (const { line, client, connection } of both) {
        line.release();
        do client.read(100); while (!connection.outbox.pump());
        client.read(100);
      }
      assert.deepEqual(together.seqs(), alone.seqs());
    }),
    { numRuns: 1000 },
  );
});
