/**
 * What other services may publish, and what becomes of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { EventEntry } from "../../../src/events/stream.ts";
import { until } from "../../support/wait.ts";
import { event, follow, hears, nested, type OpenStreamPlace, send } from "./place.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export function testStreamStrangers(name: string, open: OpenStreamPlace): void {
  Deno.test(`${name}: what a service publishes is numbered, filled in, followed and replayed`, async () => {
    await using place = await open();
    const stream = await place.node();
    const heard = await follow(stream, "ann");
    const start = await heard.ready;

    place.service.publish(
      place.subjects.userEvent("ann"),
      JSON.stringify({ type: "gift", seq: "?" }),
    );
    place.service.publish(place.subjects.announce(), JSON.stringify({ message: "Welcome" }));

    await hears(heard, 2);
    const [gift, welcome] = heard.entries;
    assert.ok(gift?.notification === "player.event");
    assert.match(gift.params.sent_at, ISO);
    assert.ok(gift.params.event_id.length > 0);
    assert.deepEqual({ ...gift.params, sent_at: "", event_id: "" }, {
      event_id: "",
      from: null,
      to: { user_id: "ann" },
      type: "gift",
      payload: null,
      sent_at: "",
    });
    assert.ok(welcome?.notification === "system.announcement");
    assert.equal(welcome.params.message, "Welcome");
    assert.equal(welcome.params.level, "info");
    assert.match(welcome.params.sent_at, ISO);
    const replay = await stream.replay("ann", start);
    assert.deepEqual(
      replay.entries.map(({ seq, notification }) => ({ seq, notification })),
      heard.entries.map(({ seq, notification }) => ({ seq, notification })),
    );
  });

  Deno.test(`${name}: what a service says in full stays as it is`, async () => {
    await using place = await open();
    const stream = await place.node();
    const heard = await follow(stream, "ann");
    const body = event("ann", { sent_at: "2026-01-02T03:04:05.678Z", payload: [1, { a: "b" }] });
    const elsewhere = { ...body, to: { location: "lobby" }, sent_at: "2026-01-02T05:04:05+02:00" };

    place.service.publish(place.subjects.userEvent("ann"), JSON.stringify(body));
    place.service.publish(place.subjects.userEvent("ann"), JSON.stringify(elsewhere));

    await hears(heard, 2);
    assert.deepEqual(heard.entries[0]?.params, body);
    assert.deepEqual(heard.entries[1]?.params, {
      ...elsewhere,
      sent_at: "2026-01-02T03:04:05.000Z",
    });
  });

  Deno.test(`${name}: a service's event to a location reaches who is there`, async () => {
    await using place = await open();
    const stream = await place.node();
    const entries: EventEntry[] = [];
    stream.followLocation("zone:x", (entry) => void entries.push(entry));
    await follow(stream, "ann");

    place.service.publish(place.subjects.locationEvent("zone:x"), JSON.stringify({ type: "rain" }));

    await hears({ entries }, 1);
    assert.deepEqual(entries[0]?.params.to, { location: "zone:x" });
    assert.deepEqual(place.malformed, []);
  });

  Deno.test(`${name}: a service's message id makes a repetition harmless`, async () => {
    await using place = await open();
    const stream = await place.node();
    const heard = await follow(stream, "ann");
    const subject = place.subjects.userEvent("ann");

    for (const id of ["1", "1", "2"]) {
      place.service.publish(subject, JSON.stringify(event("ann")), { "Nats-Msg-Id": id });
    }
    await place.service.flush();
    await send(stream, "ann");

    await hears(heard, 3);
    assert.equal(heard.entries.length, 3);
  });

  Deno.test(`${name}: what is malformed is reported and dropped, and the rest goes on`, async () => {
    await using place = await open();
    const stream = await place.node();
    stream.followLocation("lobby", () => assert.fail("It was malformed"));
    const heard = await follow(stream, "ann");
    const subject = place.subjects.userEvent("ann");
    const wrong: [subject: string, text: string][] = [
      [subject, "not JSON"],
      [subject, ""],
      [subject, "[]"],
      [subject, "null"],
      [subject, "{}"],
      [subject, `{"type":7}`],
      [subject, `{"type":""}`],
      [subject, JSON.stringify({ type: "x".repeat(65) })],
      [subject, `{"type":"x","to":{"user_id":"bob"}}`],
      [subject, `{"type":"x","to":{}}`],
      [subject, `{"type":"x","from":""}`],
      [subject, `{"type":"x","event_id":""}`],
      [subject, `{"type":"x","sent_at":"yesterday"}`],
      [subject, `{"type":"x","sent_at":"9999-12-31T23:59:59-01:00"}`],
      [subject, `{"type":"x","sent_at":"0000-01-01T00:00:00+01:00"}`],
      [subject, `{"type":"x","payload":${nested(1001)}}`],
      [subject, `{"type":"x","payload":${nested(20_000)}}`],
      [place.subjects.announce(), "{}"],
      [place.subjects.announce(), `{"message":""}`],
      [place.subjects.announce(), JSON.stringify({ message: "x".repeat(4097) })],
      [place.subjects.announce(), `{"message":"x","level":"loud"}`],
      [place.subjects.announce(), `{"message":"x","more":${nested(20_000)}}`],
      [place.subjects.locationEvent("lobby"), `{"type":"x","to":{"user_id":"ann"}}`],
    ];

    for (const [subject, text] of wrong) place.service.publish(subject, text);
    await place.service.flush();
    const { seq } = await stream.append("ann", event("ann"), "right");

    await hears(heard, 1);
    await until(() => place.malformed.length === wrong.length, { what: "every report" });
    assert.deepEqual(heard.entries.map((entry) => entry.seq), [seq]);
    assert.equal(heard.lost, 0);
    assert.deepEqual(
      place.malformed.map((line) => line.slice(0, line.indexOf(": "))),
      wrong.map(([subject]) => subject),
    );
  });
}
