import assert from "node:assert/strict";
import { leave, put, resume, session } from "../conformance/store/builders.ts";
import { until } from "../support/wait.ts";
import { RedisPlace } from "./redis_place.ts";

/** One command that Redis ran: by whom, and its words. */
interface Seen {
  readonly byScript: boolean;
  readonly words: readonly string[];
}

Deno.test("scripts touch the keys that their calls name, and no other", async () => {
  await using place = await RedisPlace.start();
  const store = place.store();
  await store.openLease("n1:1", 60_000);
  await store.openLease("n2:1", 60_000);
  const seen = await watch(place, async () => {
    const a = session("ws_a", { location: "lobby" });
    await store.apply("n1:1", [put("ada", a), put("users", session("ws_u"))]);
    await store.apply("n1:1", [put("ada", { ...a, location: "arena", updated_at_ms: 1 })]);
    await store.apply("n2:1", [
      resume("ada", "ws_a", session("ws_b", { instance: "n2:1" })),
      leave("users", session("ws_u")),
    ]);
    await store.renewLease("n1:1", 60_000);
    await store.claim("n1:1", "n2:1", 60_000);
    await store.reap("n2:1", 0);
  });
  let named: readonly string[] = [];
  let checked = 0;
  for (const { byScript, words } of seen) {
    const [name = "", first = "", count] = words;
    if (name.toUpperCase() === "EVALSHA") named = words.slice(3, 3 + Number(count));
    if (!byScript) continue;
    assert.ok(named.includes(first), `${words.join(" ")} is not among ${named.join(" ")}`);
    assert.notEqual(name.toUpperCase(), "TIME");
    checked++;
  }
  assert.ok(checked > 40, `${checked} commands of scripts`);
});

/** What Redis runs while `work` lasts. */
async function watch(place: RedisPlace, work: () => Promise<void>): Promise<Seen[]> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: place.redis.port });
  await connection.write(new TextEncoder().encode("MONITOR\r\n"));
  let text = "";
  const reading = (async () => {
    for await (const chunk of connection.readable.pipeThrough(new TextDecoderStream())) {
      text += chunk;
    }
  })().catch(() => {});
  await until(() => text.includes("+OK"), { what: "MONITOR" });
  await work();
  const end = crypto.randomUUID();
  await place.command("ECHO", end);
  await until(() => text.includes(end), { what: "the last command" });
  connection.close();
  await reading;
  return [...text.matchAll(/^\+[\d.]+ \[\d+ ([^\]]+)\] (.*)\r$/gm)].map(([, by, line = ""]) => ({
    byScript: by === "lua",
    words: [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ""]) => word),
  }));
}
