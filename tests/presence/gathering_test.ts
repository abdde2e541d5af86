import assert from "node:assert/strict";
import { type GatheredChange, Gathering } from "../../src/presence/gathering.ts";
import { brief, offline, presence } from "./presences.ts";

const at = (location: string) => ({ location });

Deno.test("offer() keeps the newest of a user, whatever order and copies come in", () => {
  const gathering = new Gathering();
  const versions = [2, 1, 3, 3, 2].map((version) => gathering.offer(presence("ada", version), []));
  assert.deepEqual(versions, [true, true, true, true, true], "all of it waits for the flush");
  assert.deepEqual(shown(gathering), ["ada 3 to -"]);
  assert.equal(gathering.conflated, 4);
});

Deno.test("offer() is silent about what was told already", () => {
  const gathering = new Gathering();
  gathering.offer(presence("ada", 2), []);
  gathering.take();
  assert.equal(gathering.offer(presence("ada", 2), ["lobby"]), false);
  assert.equal(gathering.offer(presence("ada", 1), ["lobby"]), false);
  assert.equal(gathering.offer(presence("ada", 3), []), true);
});

Deno.test("take() tells those who see a user come and those who see them go", () => {
  const gathering = new Gathering();
  gathering.offer(presence("ada", 1, at("lobby")), []);
  assert.deepEqual(shown(gathering), ["ada@lobby 1 to lobby"]);
  gathering.offer(presence("ada", 2, at("arena")), ["lobby"]);
  assert.deepEqual(shown(gathering), ["ada@arena 2 to arena, lobby"]);
  gathering.offer(presence("ada", 3), ["arena"]);
  assert.deepEqual(shown(gathering), ["ada 3 to arena"]);
  gathering.offer(presence("ada", 4), []);
  assert.deepEqual(shown(gathering), ["ada 4 to -"]);
});

Deno.test("take() tells of a going even when its message is late or lost", () => {
  const late = new Gathering();
  late.offer(presence("ada", 1, at("lobby")), ["lobby"]);
  late.take();
  late.offer(presence("ada", 3, at("zone")), ["zone"]);
  assert.deepEqual(shown(late), ["ada@zone 3 to lobby, zone"]);
  assert.equal(late.offer(presence("ada", 2, at("arena")), ["lobby"]), false, "no need any more");
});

Deno.test("take() of a move there and back is one change", () => {
  const gathering = new Gathering();
  gathering.offer(presence("ada", 1, at("lobby")), []);
  gathering.take();
  gathering.offer(presence("ada", 2, at("arena")), ["lobby"]);
  gathering.offer(presence("ada", 3, at("lobby")), ["arena"]);
  assert.deepEqual(shown(gathering), ["ada@lobby 3 to arena, lobby"]);
});

Deno.test("take() of a user who goes and comes back shows no flicker", () => {
  const gathering = new Gathering();
  gathering.offer(presence("ada", 1), []);
  gathering.take();
  gathering.offer(offline("ada", 2), []);
  gathering.offer(presence("ada", 3), []);
  assert.deepEqual(shown(gathering), ["ada 3 to -"]);
});

Deno.test("show() lets those who were shown a snapshot see the user go", () => {
  const gathering = new Gathering();
  gathering.show(presence("ada", 1, at("lobby")));
  assert.deepEqual([...gathering.online()], ["ada"]);
  gathering.offer(offline("ada", 2), []);
  assert.deepEqual(shown(gathering), ["ada offline 2 to lobby"]);
  assert.deepEqual([...gathering.online()], []);
});

Deno.test("show() gives the newest known, and keeps nobody from being told of it", () => {
  const gathering = new Gathering();
  gathering.show(presence("ada", 5));
  assert.equal(gathering.offer(presence("ada", 5), []), true, "others have not seen the snapshot");
  gathering.offer(presence("ada", 7, at("lobby")), []);
  assert.equal(gathering.show(presence("ada", 6)).version, 7);
  assert.equal(gathering.show(presence("ada", 8)).version, 8);
  assert.deepEqual(shown(gathering), ["ada 8 to lobby"]);
});

Deno.test("online() has those whom one watcher was shown offline, and others were not", () => {
  const gathering = new Gathering();
  gathering.show(presence("ada", 1));
  gathering.show(offline("ada", 2));
  assert.deepEqual([...gathering.online()], ["ada"]);
  gathering.offer(offline("ada", 2), []);
  gathering.take();
  assert.deepEqual([...gathering.online()], []);
});

Deno.test("show() remembers nothing of a user never seen", () => {
  const gathering = new Gathering();
  const nobody = offline("nobody", 0);
  assert.equal(gathering.show(nobody), nobody);
  assert.equal(gathering.newest("nobody"), undefined);
});

Deno.test("offer() forgets the longest untouched first, and never what waits", () => {
  const gathering = new Gathering(2);
  for (const id of ["ada", "bob"]) gathering.offer(presence(id, 1), []);
  gathering.take();
  gathering.offer(presence("ada", 2), []);
  gathering.take();
  gathering.offer(presence("cyd", 1), []);
  assert.equal(gathering.newest("bob"), undefined);
  for (const id of ["dan", "eve"]) gathering.offer(presence(id, 1), []);
  assert.deepEqual(shown(gathering), ["cyd 1 to -", "dan 1 to -", "eve 1 to -"]);
});

Deno.test("clear() forgets what was shown and what waits", () => {
  const gathering = new Gathering();
  gathering.show(presence("ada", 1, at("lobby")));
  gathering.offer(presence("bob", 1), []);
  gathering.clear();
  assert.deepEqual([[...gathering.online()], gathering.size, shown(gathering)], [[], 0, []]);
  assert.equal(gathering.offer(presence("bob", 1), []), true);
});

function shown(gathering: Gathering): string[] {
  const places = ({ locations }: GatheredChange) => [...locations].toSorted().join(", ") || "-";
  return gathering.take().map((change) => `${brief(change.presence)} to ${places(change)}`);
}
