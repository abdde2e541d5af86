import assert from "node:assert/strict";
import type { EventStream } from "../../src/events/stream.ts";
import { Delivery } from "../../src/gateway/delivery.ts";
import { Hub } from "../../src/gateway/hub.ts";
import { TimerWheel } from "../../src/timer_wheel.ts";
import { openLinked } from "../gateway/linked_connection.ts";
import { memoryStream } from "../support/memory_stream.ts";

interface Place extends AsyncDisposable {
  readonly delivery: Delivery;
  /** The locations that are followed, and each begin and end of it. */
  readonly told: readonly string[];
  readonly send: (location: string) => Promise<void>;
}

function openDelivery(): Place {
  const memory = memoryStream();
  const told: string[] = [];
  const stream = new Proxy<EventStream>(memory, {
    get(_, name: keyof EventStream) {
      if (name !== "followLocation") {
        const member = memory[name];
        return typeof member === "function" ? member.bind(memory) : member;
      }
      const follow: EventStream["followLocation"] = (location, onEntry) => {
        told.push(`+${location}`);
        const stop = memory.followLocation(location, onEntry);
        return () => {
          told.push(`-${location}`);
          stop();
        };
      };
      return follow;
    },
  });
  const wheel = new TimerWheel((error) => {
    throw error;
  });
  const delivery = new Delivery(stream, new Hub(), wheel);
  return {
    delivery,
    told,
    send: (location) => {
      const event_id = crypto.randomUUID();
      const sent_at = new Date().toISOString();
      const event = { event_id, from: null, to: { location }, type: "x", payload: null, sent_at };
      return delivery.sendEvent(event, event_id);
    },
    async [Symbol.asyncDispose]() {
      delivery.stop();
      wheel.stop();
      await memory.close();
    },
  };
}

function join({ delivery }: Place) {
  const linked = openLinked();
  delivery.attach(linked.connection);
  delivery.release(linked.connection);
  return linked;
}

Deno.test("Delivery.move() follows a location while somebody is there", async () => {
  await using place = openDelivery();
  const { delivery, told } = place;
  using ann = join(place);
  using bob = join(place);
  delivery.move(ann.connection, "lobby");
  delivery.move(bob.connection, "lobby");
  delivery.move(bob.connection, "lobby");
  assert.deepEqual(told, ["+lobby"]);
  await place.send("lobby");
  delivery.move(ann.connection, "arena");
  delivery.move(bob.connection, null);
  assert.deepEqual(told, ["+lobby", "+arena", "-lobby"]);
  await place.send("lobby");
  await place.send("arena");
  delivery.detach(ann.connection);
  assert.deepEqual(told, ["+lobby", "+arena", "-lobby", "-arena"]);
  assert.equal(ann.client.messages.length, 2);
  assert.equal(bob.client.messages.length, 1);
});

Deno.test("Delivery.move() does nothing for a connection that is gone", async () => {
  await using place = openDelivery();
  using ann = join(place);
  place.delivery.detach(ann.connection);
  place.delivery.move(ann.connection, "lobby");
  assert.deepEqual(place.told, []);
});

Deno.test("Delivery.stop() follows nothing any more", async () => {
  await using place = openDelivery();
  using ann = join(place);
  using bob = join(place);
  place.delivery.move(ann.connection, "lobby");
  place.delivery.move(bob.connection, "arena");
  place.delivery.stop();
  assert.deepEqual(place.told, ["+lobby", "+arena", "-lobby", "-arena"]);
});
