import assert from "node:assert/strict";
import { Audiences } from "../../src/presence/audiences.ts";
import { Recorder } from "./presences.ts";

Deno.test("subscribe() and unsubscribe() tell of the first and the last watcher only", () => {
  const { audiences, heard } = listened();
  const [a, b] = [new Recorder(), new Recorder()];
  audiences.subscribe(a, { users: ["ada"], locations: ["lobby"], all: true });
  audiences.subscribe(b, { users: ["ada", "bob"], locations: ["lobby"], all: true });
  assert.deepEqual(heard.splice(0), ["+all", "+user ada", "+location lobby", "+user bob"]);
  audiences.unsubscribe(a, { users: ["ada"], locations: ["lobby"], all: true });
  assert.deepEqual(heard.splice(0), []);
  audiences.unsubscribe(b, { users: ["ada"], locations: ["lobby"], all: true });
  assert.deepEqual(heard.splice(0), ["-all", "-user ada", "-location lobby"]);
  assert.deepEqual(audiences.watched, { all: false, users: ["bob"], locations: [] });
});

Deno.test("subscribe() twice is ended by one unsubscribe()", () => {
  const { audiences, heard } = listened();
  const watcher = new Recorder();
  for (let times = 0; times < 2; times++) {
    audiences.subscribe(watcher, { users: ["ada"], all: true });
  }
  audiences.unsubscribe(watcher, { users: ["ada"], all: true });
  assert.deepEqual(heard, ["+all", "+user ada", "-all", "-user ada"]);
});

Deno.test("unsubscribe() of what was never watched is harmless", () => {
  const { audiences, heard } = listened();
  const [a, stranger] = [new Recorder(), new Recorder()];
  audiences.subscribe(a, { users: ["ada"] });
  audiences.unsubscribe(a, { users: ["bob"], locations: ["lobby"], all: true });
  audiences.unsubscribe(stranger, { users: ["ada"] });
  audiences.release(stranger);
  assert.deepEqual(heard, ["+user ada"]);
});

Deno.test("release() ends all that a watcher watches, and what it missed", () => {
  const { audiences, heard } = listened();
  const watcher = new Recorder();
  audiences.subscribe(watcher, { users: ["ada"], locations: ["lobby"], all: true });
  audiences.release(watcher);
  assert.deepEqual(heard.slice(3), ["-all", "-user ada", "-location lobby"]);
  assert.equal(audiences.of(watcher), undefined);
  assert.deepEqual(audiences.watched, { all: false, users: [], locations: [] });
  assert.equal(audiences.all.size + audiences.ofUser("ada").size, 0);
});

function listened(): { audiences: Audiences; heard: string[] } {
  const heard: string[] = [];
  const audiences = new Audiences({
    onWatched: (kind, key) => heard.push(`+${kind} ${key}`),
    onUnwatched: (kind, key) => heard.push(`-${kind} ${key}`),
    onAllWatched: () => heard.push("+all"),
    onAllUnwatched: () => heard.push("-all"),
  });
  return { audiences, heard };
}
