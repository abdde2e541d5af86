/** One event for a thousand receivers: what the gateway adds to a thousand sends. */
import { setImmediate } from "node:timers/promises";
import { Gatherer } from "../../src/gateway/gatherer.ts";
import { Outbox, type OutboxHost } from "../../src/gateway/outbox.ts";
import { encodeNotification } from "../../src/gateway/notification.ts";
import type { Socket } from "../../src/gateway/socket.ts";
import { Counters } from "../../src/telemetry/counters.ts";

const RECEIVERS = 1000;
const EVENTS = 4;

/** Takes everything, and costs next to nothing. */
class Sink implements Socket {
  readonly isOpen = true;
  readonly bufferedBytes = 0;
  taken = 0;
  send(text: string): void {
    this.taken += text.length;
  }
  close(): void {}
  terminate(): void {}
}

const params = {
  seq: 1,
  event_id: "ev_0",
  from: "ann",
  to: { location: "arena" },
  type: "shot",
  payload: { weapon: "bow", x: 1024.5, y: -77.25, hits: [17, 23], crit: false },
  sent_at: "2026-01-01T00:00:00.000Z",
};
const message = encodeNotification("player.event", params);
const host: OutboxHost = {
  sendQueueBytes: 1_048_576,
  gatherer: new Gatherer(),
  backlog: { watch() {} },
  counters: new Counters(),
};
const listener = { onOverflow() {}, onCaughtUp() {}, onFailure() {} };

function outboxes(isBatching: boolean): Outbox[] {
  return Array.from(
    { length: RECEIVERS },
    () => new Outbox(new Sink(), listener, host, isBatching),
  );
}

const sinks = Array.from({ length: RECEIVERS }, () => new Sink());
const plain = outboxes(false);
const batching = outboxes(true);

Deno.bench({ name: "sockets alone", group: "fan-out of four events", baseline: true }, () => {
  for (let event = 0; event < EVENTS; event++) for (const sink of sinks) sink.send(message);
});

Deno.bench({ name: "encoded for each", group: "fan-out of four events" }, () => {
  for (let event = 0; event < EVENTS; event++) {
    for (const sink of sinks) sink.send(encodeNotification("player.event", params));
  }
});

Deno.bench({ name: "through outboxes", group: "fan-out of four events" }, () => {
  for (let event = 0; event < EVENTS; event++) for (const outbox of plain) outbox.send(message);
});

Deno.bench({ name: "gathered", group: "fan-out of four events" }, async () => {
  for (let event = 0; event < EVENTS; event++) for (const outbox of batching) outbox.send(message);
  await setImmediate();
});
