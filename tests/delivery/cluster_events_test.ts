import assert from "node:assert/strict";
import { connectNatsBus, type NatsBus } from "../../src/bus/bus_nats.ts";
import { createSubjects, type Subjects } from "../../src/bus/subjects.ts";
import { startBackends } from "../support/backends.ts";
import type { GameClient } from "../support/game_client.ts";
import { until } from "../support/wait.ts";
import {
  eventsOf,
  lastSeqOf,
  type Nodes,
  PATIENCE_MS,
  player,
  resume,
  startNodes,
} from "./nodes.ts";
import { sendEvent } from "./sender.ts";

const backends = await startBackends();

/** Another service of the game, which knows NATS and the wire contract. */
class Service implements AsyncDisposable {
  readonly #bus: NatsBus = connectNatsBus({ servers: backends.natsUrl, name: "service" });
  readonly subjects: Subjects;

  constructor({ a }: Nodes) {
    this.subjects = createSubjects(a.prefix);
  }

  /** Publishes without asking whether anybody took it. */
  async publish(subject: string, payload: unknown): Promise<void> {
    await this.#bus.connection();
    this.#bus.publish(subject, typeof payload === "string" ? payload : JSON.stringify(payload));
    await this.#bus.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bus.close();
  }
}

function typesOf(client: GameClient): string[] {
  return eventsOf(client).map(({ type }) => type);
}

/** Waits for an event of that type. */
async function arrived(type: string, ...clients: readonly GameClient[]): Promise<void> {
  await Promise.all(clients.map((client) =>
    client.next("player.event", {
      where: (event) => event.type === type,
      timeoutMs: PATIENCE_MS,
    })
  ));
}

Deno.test("an event that is asked for again, on any node, happens once", async () => {
  await using nodes = await startNodes(backends);
  await using bob = await player(nodes.b, "bob");
  await using here = await player(nodes.a, "ann");
  await using there = await player(nodes.b, "ann");
  const event = { to: { user_id: "bob" }, type: "gift", idempotency_key: "k1" };
  const ids = await Promise.all([here, there, here, there].map((ann) => sendEvent(ann, event)));
  assert.equal(new Set(ids).size, 1);
  // Neither another key nor another sender's same key is the same event.
  const otherKey = await sendEvent(here, { ...event, idempotency_key: "k2" });
  const otherSender = await sendEvent(bob, event);
  assert.equal(new Set([...ids, otherKey, otherSender]).size, 3);
  await sendEvent(there, { to: { user_id: "bob" }, type: "last" });
  await arrived("last", bob);
  assert.deepEqual(eventsOf(bob).map(({ event_id }) => event_id).slice(0, 3), [
    ids[0],
    otherKey,
    otherSender,
  ]);
  assert.deepEqual(typesOf(bob), ["gift", "gift", "gift", "last"]);
});

Deno.test("events to a user who is offline wait for a resume", async () => {
  await using nodes = await startNodes(backends);
  await using bob = await player(nodes.b, "bob");
  const before = await player(nodes.a, "ann");
  await before.close();
  for (const type of ["one", "two"]) await sendEvent(bob, { to: { user_id: "ann" }, type });
  await using after = await player(nodes.b, "ann");
  assert.deepEqual(await resume(after, before.sessionId, 0), { resumed: true, replayed: 2 });
  await sendEvent(bob, { to: { user_id: "ann" }, type: "three" });
  await arrived("three", after);
  assert.deepEqual(typesOf(after), ["one", "two", "three"]);
});

Deno.test("an announcement reaches everyone on every node once, and whoever resumes", async () => {
  await using nodes = await startNodes(backends);
  const names = ["ann", "bob", "cid", "dan"];
  const clients = await Promise.all(
    names.map((name, index) => player(index % 2 ? nodes.b : nodes.a, name)),
  );
  const gone = await player(nodes.a, "eve");
  gone.abort();
  await gone.closed;
  await using admin = await player(nodes.b, "admin", { scope: "admin" });
  const announcement = { message: "Back in five", level: "warning" };
  const { announcement_id } = await admin.call<{ announcement_id: string }>(
    "system.announce",
    announcement,
    PATIENCE_MS,
  );
  await using back = await player(nodes.b, "eve");
  assert.deepEqual(await resume(back, gone.sessionId, 0), { resumed: true, replayed: 1 });
  const audience = [...clients, admin, back];
  // By the time of an event that was stored later, a second copy would have come too.
  await Promise.all(
    [...names, "admin", "eve"].map((name) =>
      sendEvent(admin, { to: { user_id: name }, type: "later" })
    ),
  );
  await arrived("later", ...audience);
  for (const client of audience) {
    const got = client.all("system.announcement");
    assert.deepEqual(got.map(({ seq: _, sent_at: __, ...rest }) => rest), [
      { announcement_id, ...announcement },
    ]);
    assert.ok((got[0]?.seq ?? 0) < lastSeqOf(client));
  }
  await Promise.all(clients.map((client) => client.close()));
});

Deno.test("a kick closes the user's sessions on every node and counts them", async () => {
  await using nodes = await startNodes(backends);
  const sessions = await Promise.all(
    [nodes.a, nodes.b, nodes.b].map((node) => player(node, "ann")),
  );
  await using admin = await player(nodes.a, "admin", { scope: "admin" });
  const params = { user_id: "ann", reason: "cheating" };
  const kick = () => admin.call<{ sessions: number }>("system.kick", params, PATIENCE_MS);
  assert.deepEqual(await kick(), { sessions: 3 });
  for (const session of sessions) assert.equal((await session.closed).code, 4403);
  assert.deepEqual(await kick(), { sessions: 0 });
  await admin.call("system.ping");
});

Deno.test("an event to a location reaches whoever is there on any node, and nobody else", async () => {
  await using nodes = await startNodes(backends);
  await using ann = await player(nodes.a, "ann");
  await using bob = await player(nodes.b, "bob");
  await using eve = await player(nodes.b, "eve");
  const location = "zone:storm.wind";
  for (const client of [ann, bob]) await client.call("player.updateLocation", { location });
  const to = { location };
  // The nodes' interest takes a moment to be known; from then on everything arrives.
  await until(async () => {
    await sendEvent(eve, { to, type: "hello" });
    return typesOf(ann).includes("hello") && typesOf(bob).includes("hello");
  }, { what: "the location's followers", timeoutMs: PATIENCE_MS });
  const key = { idempotency_key: "storm" };
  const ids = [await sendEvent(eve, { to, type: "storm", ...key })];
  ids.push(await sendEvent(eve, { to, type: "storm", ...key }));
  assert.equal(new Set(ids).size, 1);
  await bob.call("player.updateLocation", { location: null });
  await sendEvent(eve, { to, type: "calm" });
  await arrived("calm", ann);
  await sendEvent(eve, { to: { user_id: "bob" }, type: "end" });
  await arrived("end", bob);
  const seenBy = (client: GameClient) => typesOf(client).filter((type) => type !== "hello");
  assert.deepEqual(seenBy(ann), ["storm", "calm"]);
  assert.deepEqual(seenBy(bob), ["storm", "end"]);
  assert.deepEqual(typesOf(eve), []);
});

Deno.test("what another service publishes reaches players on every node", async () => {
  await using nodes = await startNodes(backends);
  await using service = new Service(nodes);
  const { subjects } = service;
  await using ann = await player(nodes.a, "ann.ü");
  await using bob = await player(nodes.b, "bob");
  for (const client of [ann, bob]) {
    await client.call("player.updateLocation", { location: "lobby" });
  }
  const sent_at = "2025-01-01T00:00:00.000Z";
  const base = { from: null, payload: { gold: 5 }, sent_at };
  const userEvent = { ...base, event_id: "ev_1", to: { user_id: "ann.ü" }, type: "prize" };
  await service.publish(subjects.userEvent("ann.ü"), userEvent);
  await until(async () => {
    const event_id = `ev_${crypto.randomUUID()}`;
    const event = { ...base, event_id, to: { location: "lobby" }, type: "hail" };
    await service.publish(subjects.locationEvent("lobby"), event);
    return typesOf(ann).includes("hail") && typesOf(bob).includes("hail");
  }, { what: "the location's event", timeoutMs: PATIENCE_MS, intervalMs: 100 });
  const announcement = { announcement_id: "an_1", level: "info", message: "Hello", sent_at };
  await service.publish(subjects.announce(), announcement);
  for (const client of [ann, bob]) {
    const { seq, ...rest } = await client.next("system.announcement", { timeoutMs: PATIENCE_MS });
    assert.deepEqual(rest, announcement);
    assert.ok(seq > 0);
  }
  const [prize] = eventsOf(ann).filter(({ type }) => type === "prize");
  assert.deepEqual({ ...prize, seq: 0 }, { ...userEvent, seq: 0 });
  assert.ok(!typesOf(bob).includes("prize"));
});

Deno.test("malformed messages of other services are dropped and reported, and nothing else suffers", async () => {
  await using nodes = await startNodes(backends);
  await using service = new Service(nodes);
  const { subjects } = service;
  await using ann = await player(nodes.a, "ann");
  await ann.call("player.updateLocation", { location: "lobby" });
  const junk = ["", "{", "null", "[]", '"x"', { type: 5 }, { event_id: "x" }, "\ud83d".repeat(3)];
  for (const payload of junk) {
    for (const subject of [subjects.userEvent("ann"), subjects.locationEvent("lobby")]) {
      await service.publish(subject, payload);
    }
    await service.publish(subjects.announce(), payload);
  }
  await sendEvent(ann, { to: { user_id: "ann" }, type: "fine" });
  await arrived("fine", ann);
  assert.deepEqual(typesOf(ann), ["fine"]);
  assert.deepEqual(ann.all("system.announcement"), []);
  await until(async () => {
    const lines = await nodes.a.logLines();
    return lines.some(({ message }) => message === "Dropped a malformed message");
  }, { what: "the log line" });
  for (const node of [nodes.a, nodes.b]) {
    assert.ok((await fetch(`${node.url}/readyz`)).ok);
  }
});
