import assert from "node:assert/strict";
import { hueOf, initials } from "../../src/elements/avatar.ts";
import { connectionWords, latencyWords } from "../../src/elements/connection_words.ts";
import { compareRows, displayName } from "../../src/elements/presence_row.ts";
import { relativeTime } from "../../src/elements/relative_time.ts";
import { player } from "./players.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

Deno.test("relativeTime() says a moment as people do", () => {
  const cases: [agoMs: number, words: string][] = [
    [-HOUR_MS, "just now"],
    [59_999, "just now"],
    [MINUTE_MS, "1m ago"],
    [HOUR_MS - 1, "59m ago"],
    [HOUR_MS, "1h ago"],
    [24 * HOUR_MS - 1, "23h ago"],
    [50 * HOUR_MS, "2d ago"],
  ];
  for (const [agoMs, words] of cases) assert.equal(relativeTime(1e12 - agoMs, 1e12), words);
});

Deno.test("initials() takes the first letters of two words, whole graphemes", () => {
  assert.equal(initials("Ada Lovelace"), "AL");
  assert.equal(initials("ada"), "A");
  assert.equal(initials("user:42.x"), "U4");
  assert.equal(initials("👩‍🚀 Édith Ann"), "👩‍🚀É");
  assert.equal(initials(" - "), "");
});

Deno.test("hueOf() is a hue, and the same for the same id", () => {
  for (const id of ["", "ada", "x".repeat(128), "ユーザー"]) {
    assert.equal(hueOf(id), hueOf(id));
    assert.ok(hueOf(id) >= 0 && hueOf(id) < 360);
  }
  assert.notEqual(hueOf("ada"), hueOf("grace"));
});

Deno.test("displayName() falls back on the id", () => {
  assert.equal(displayName(player("ada", { name: "Ada" })), "Ada");
  for (const name of ["  ", "\u200B\u2060", "\u202E"]) {
    assert.equal(displayName(player("ada", { name })), "ada");
  }
  assert.equal(displayName(player("ada", { name: "🚀" })), "🚀");
  assert.equal(displayName(player("eve", { name: "Eve\u202Enimda" })), "Evenimda");
  // A paragraph's end breaks out of any isolate; and an id is somebody's words too.
  assert.equal(displayName(player("eve", { name: "Eve\u2029\u0085\n!" })), "Eve   !");
  assert.equal(displayName(player("eve\u202Enimda", { name: "" })), "evenimda");
  const { name: _, ...nameless } = player("ada");
  assert.equal(displayName(nameless), "ada");
});

Deno.test("compareRows() puts those who are there first, then goes by name, then by id", () => {
  const sorted = [
    player("1", { name: "ada" }),
    player("2", { name: "Ada" }),
    player("3", { name: "player 2" }),
    player("4", { name: "Player 10" }),
    player("5", { name: "Aaron", status: "offline" }),
  ];
  const shuffled = [4, 2, 0, 3, 1].flatMap((at) => sorted[at] ?? []);
  assert.deepEqual(shuffled.sort(compareRows), sorted);
});

Deno.test("connectionWords() never counts down to 0 while it waits", () => {
  const reason = { code: "connection_lost", message: "It was lost.", attempt: 1 } as const;
  const retry = (retryAtMs: number): string =>
    connectionWords({ state: "reconnecting", reason: { ...reason, retryAtMs } }, 1000).retry;
  assert.equal(retry(1001), "Next try in 1 s");
  assert.equal(retry(2000), "Next try in 1 s");
  assert.equal(retry(2001), "Next try in 2 s");
  assert.equal(retry(1000), "Trying now…");
});

Deno.test("connectionWords() offers no button that cannot help", () => {
  const reason = { code: "incompatible", message: "Update it.", attempt: 0 } as const;
  assert.equal(connectionWords({ state: "closed", reason }, 0).action, null);
  assert.equal(connectionWords({ state: "connected", reason: null }, 0).action, null);
});

Deno.test("latencyWords() rounds, and does not claim that light takes no time", () => {
  assert.deepEqual([null, 0, 0.4, 1, 99.6].map(latencyWords), [
    "",
    "<1 ms",
    "<1 ms",
    "1 ms",
    "100 ms",
  ]);
});
