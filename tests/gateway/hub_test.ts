import { strict as assert } from "node:assert";
import type { Connection } from "../../src/gateway/connection.ts";
import { Hub } from "../../src/gateway/hub.ts";

function openHub() {
  const told: string[] = [];
  const hub = new Hub({
    onLocationFilled: (location) => told.push(`+${location}`),
    onLocationEmptied: (location) => told.push(`-${location}`),
  });
  return { hub, told };
}

function connection(sessionId: string, userId: string): Connection {
  return { sessionId, userId, location: null } as unknown as Connection;
}

Deno.test("add() and remove() keep sessions and users", () => {
  const { hub } = openHub();
  const [first, second] = [connection("s1", "ann"), connection("s2", "ann")];
  hub.add(first);
  hub.add(second);
  assert.equal(hub.size, 2);
  assert.equal(hub.session("s1"), first);
  assert.deepEqual([...hub.ofUser("ann")], [first, second]);
  assert.deepEqual([...hub.all()], [first, second]);
  hub.remove(first);
  hub.remove(first);
  assert.deepEqual([...hub.ofUser("ann")], [second]);
  hub.remove(second);
  assert.equal(hub.size, 0);
  assert.equal(hub.session("s1"), undefined);
  assert.deepEqual([...hub.ofUser("ann")], []);
});

Deno.test("users named like parts of objects are users like others", () => {
  const { hub } = openHub();
  for (const userId of ["__proto__", "constructor", "toString", "users", "a.b", "*", ">", "😀"]) {
    assert.equal(hub.ofUser(userId).size, 0);
    const one = connection(`s-${userId}`, userId);
    hub.add(one);
    assert.deepEqual([...hub.ofUser(userId)], [one]);
  }
});

Deno.test("move() tells of the first and the last at a location", () => {
  const { hub, told } = openHub();
  const [first, second] = [connection("s1", "ann"), connection("s2", "bob")];
  hub.add(first);
  hub.add(second);
  hub.move(first, "lobby");
  hub.move(second, "lobby");
  hub.move(second, "lobby");
  assert.deepEqual([...hub.at("lobby")], [first, second]);
  assert.deepEqual(told, ["+lobby"]);
  hub.move(first, "arena");
  hub.move(second, null);
  assert.deepEqual(told, ["+lobby", "+arena", "-lobby"]);
  hub.remove(first);
  assert.deepEqual(told, ["+lobby", "+arena", "-lobby", "-arena"]);
  assert.equal(hub.at("arena").size, 0);
});

Deno.test("move() does nothing for a connection that is gone", () => {
  const { hub, told } = openHub();
  const gone = connection("s1", "ann");
  hub.add(gone);
  hub.remove(gone);
  hub.move(gone, "lobby");
  assert.equal(hub.at("lobby").size, 0);
  assert.deepEqual(told, []);
});
