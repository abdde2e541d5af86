import assert from "node:assert/strict";
import { decodeCursor, encodeCursor } from "../../src/presence/cursor.ts";
import { InvalidCursorError } from "../../src/presence/store.ts";
import { STRANGE_IDS } from "../conformance/store/builders.ts";

Deno.test("a cursor brings back any user id, within what the wire allows", () => {
  for (const id of [...STRANGE_IDS, "\uffff".repeat(128)]) {
    for (const location of [undefined, "lobby", "z".repeat(64)]) {
      const cursor = encodeCursor(location, id);
      assert.match(cursor, /^[\w-]{1,1024}$/);
      assert.equal(decodeCursor(location, cursor), id);
    }
  }
});

Deno.test("decodeCursor() refuses what encodeCursor() never gave out for that list", () => {
  const cursor = encodeCursor("lobby", "ada");
  const wrong: [location: string | undefined, cursor: string][] = [
    [undefined, cursor],
    ["arena", cursor],
    ["lobb", cursor],
    ["lobby", cursor.slice(0, -1)],
    ["lobby", `${cursor}=`],
    ["lobby", ` ${cursor}`],
    ["lobby", encodeCursor("lobby", "")],
    [undefined, ""],
    [undefined, "_w"],
  ];
  for (const [location, text] of wrong) {
    assert.throws(() => decodeCursor(location, text), InvalidCursorError, text);
  }
});
