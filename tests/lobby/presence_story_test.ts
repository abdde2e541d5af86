import assert from "node:assert/strict";
import type { Presence, PresenceChange } from "../../src/client/client.ts";
import { withoutIsolates } from "../../src/lobby/page/isolate.ts";
import { PresenceStory } from "../../src/lobby/page/presence_story.ts";
import { player, players } from "../elements/players.ts";

Deno.test("PresenceStory tells who is there, who comes, what changes and who leaves", () => {
  const ada = player("ada", { name: "Ada" });
  const bea = player("bea", { name: "Bea", location: null });
  const story = new PresenceStory([ada]);
  assert.equal(story.beginning().text, "1 player is online");
  const steps: [change: Partial<PresenceChange>, texts: string[]][] = [
    [{ changed: [bea] }, ["Bea came online"]],
    [{ changed: [{ ...bea, status: "away", location: "x" }] }, ["Bea is away and went to x"]],
    [{ changed: [{ ...bea, status: "away", sessions: 2 }] }, ["Bea left x and is on 2 devices"]],
    [{ changed: [{ ...bea, status: "online" }] }, ["Bea is online and is on one device"]],
    [{ changed: [bea] }, ["Bea is still here"]],
    [{ changed: [{ ...ada, status: "busy" }], removed: ["bea"] }, ["Ada is busy", "Bea left"]],
    [{ removed: ["bea"] }, []],
  ];
  for (const [change, texts] of steps) {
    assert.deepEqual(tell(story, change).map(withoutIsolates), texts);
  }
});

Deno.test("PresenceStory sets names apart, and takes from them what would turn the line", () => {
  const story = new PresenceStory([]);
  const eve = player("eve", { name: "Eve\u202E nimda" });
  assert.deepEqual(tell(story, { changed: [eve] }), ["\u2068Eve nimda\u2069 came online"]);
});

Deno.test("PresenceStory tells many changes at once as numbers", () => {
  const crowd = players(10);
  const story = new PresenceStory([]);
  assert.equal(story.beginning().text, "0 players are online");
  assert.deepEqual(tell(story, { changed: crowd }), ["Players: 10 came"]);
  const changed = crowd.slice(0, 4).map((one): Presence => ({ ...one, status: "busy" }));
  const removed = crowd.slice(4, 7).map(({ user_id }) => user_id);
  assert.deepEqual(tell(story, { changed: [...changed, player("new")], removed }), [
    "Players: 1 came, 3 left, 4 changed",
  ]);
});

function tell(story: PresenceStory, change: Partial<PresenceChange>): string[] {
  return story.tell({ changed: [], removed: [], ...change }).map(({ text }) => text);
}
