/**
 * What a publish promises.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { BusMessage } from "../../src/bus/bus.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import { until } from "../support/wait.ts";
import { listen, type OpenBusPlace, settle } from "./bus_place.ts";

/** User ids that have a meaning somewhere, or look as if they had. */
const AWKWARD_IDS = [
  "users",
  "a.b",
  "*",
  ">",
  "a b",
  "😀",
  "__proto__",
  "%",
  "a\r\nPUB x 0",
  "%41",
];

export function testBusDelivery(name: string, open: OpenBusPlace): void {
  Deno.test(`${name}: publish() reaches subscribers of every bus, the publisher's own too`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    const subject = `${place.prefix}.greeting`;
    const heard = [listen(a, subject), listen(b, subject)];
    await settle(a, b);

    a.publish(subject, "hello");

    await until(() => heard.every(({ length }) => length > 0), { what: "the greeting" });
    assert.deepEqual(heard, [["hello"], ["hello"]]);
  });

  Deno.test(`${name}: publish() never calls a handler before it returns`, async () => {
    await using place = await open({ breakable: false });
    const bus = await place.connect();
    const subject = `${place.prefix}.turn`;
    const steps: string[] = [];
    bus.subscribe(subject, ({ data }) => {
      steps.push(`got ${data}`);
      if (data === "first") bus.publish(subject, "second");
      steps.push(`done ${data}`);
    });

    bus.publish(subject, "first");
    steps.push("published");

    await until(() => steps.length === 5, { what: "both messages" });
    assert.deepEqual(steps, ["published", "got first", "done first", "got second", "done second"]);
  });

  Deno.test(`${name}: messages of one publisher arrive in the order of publication`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    const heard = listen(b, `${place.prefix}.*`);
    await settle(b);
    const sent = Array.from({ length: 2000 }, (_, i) => String(i));

    for (const data of sent) a.publish(`${place.prefix}.s${Number(data) % 7}`, data);

    await until(() => heard.length === sent.length, { what: "all messages" });
    assert.deepEqual(heard, sent);
  });

  Deno.test(`${name}: subject, data and headers arrive as they were sent`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    const messages: BusMessage[] = [];
    b.subscribe(`${place.prefix}.>`, (message) => messages.push(message));
    await settle(b);
    const texts = ["", "\ufeffmark", '{"text":"Grüße 😀\\n"}', "line\r\nMSG x 1 1\r\n", "\0"];

    for (const text of texts) a.publish(`${place.prefix}.plain`, text);
    const headers = { "Waygate-User": "Ann 😀: x", "lower": "", ["__proto__"]: "kept" };
    a.publish(`${place.prefix}.with.headers`, "body", headers);

    await until(() => messages.length === texts.length + 1, { what: "all messages" });
    const plain = messages.slice(0, -1);
    assert.deepEqual(plain.map(({ data }) => data), texts);
    assert.deepEqual(plain.map(({ headers }) => headers), texts.map(() => ({})));
    const last = messages.at(-1);
    assert.equal(last?.subject, `${place.prefix}.with.headers`);
    assert.equal(last.data, "body");
    assert.deepEqual(Object.entries(last.headers), Object.entries(headers));
  });

  Deno.test(`${name}: a message without subscribers goes nowhere and harms nothing`, async () => {
    await using place = await open({ breakable: false });
    const bus = await place.connect();
    bus.publish(`${place.prefix}.nobody`, "lost");
    await bus.flush();
    const heard = listen(bus, `${place.prefix}.nobody`);
    bus.publish(`${place.prefix}.nobody`, "heard");
    await until(() => heard.length > 0, { what: "the second message" });
    assert.deepEqual(heard, ["heard"]);
  });

  Deno.test(`${name}: any id in a subject reaches its own subscriber and no other`, async () => {
    await using place = await open({ breakable: false });
    const [a, b] = [await place.connect(), await place.connect()];
    const subjects = createSubjects(place.prefix);
    const heard = AWKWARD_IDS.map((id) => ({
      id,
      events: listen(b, subjects.userEvent(id)),
      presence: listen(b, subjects.presenceOfUser(id)),
    }));
    const read: unknown[] = [];
    b.subscribe(subjects.presenceOfAll(), (m) => read.push(subjects.parsePresence(m.subject)));
    await settle(b);

    for (const id of AWKWARD_IDS) {
      a.publish(subjects.userEvent(id), id);
      a.publish(subjects.presence("zone:a.b", id), id);
    }

    await until(() => read.length === AWKWARD_IDS.length, { what: "every presence" });
    assert.deepEqual(heard, AWKWARD_IDS.map((id) => ({ id, events: [id], presence: [id] })));
    assert.deepEqual(read, AWKWARD_IDS.map((user) => ({ location: "zone:a.b", user })));
  });
}
