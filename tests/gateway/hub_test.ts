import { strict as assert } from "node:assert";
import type { Connection } from "../../src/gateway/connection.ts";
import { Hub } from "../../src/gateway/hub.ts";

function connection(sessionId: string, userId: string): Connection {
  return { sessionId, userId } as unknown as Connection;
}

Deno.test("add() and remove() keep sessions and users", () => {
  const hub = new Hub();
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
  const hub = new Hub();
  for (const userId of ["__proto__", "constructor", "toString", "users", "a.b", "*", ">", "😀"]) {
    assert.equal(hub.ofUser(userId).size, 0);
    const one = connection(`s-${userId}`, userId);
    hub.add(one);
    assert.deepEqual([...hub.ofUser(userId)], [one]);
  }
});
