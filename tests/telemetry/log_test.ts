import { configure, type LogRecord, reset } from "@logtape/logtape";
import assert from "node:assert/strict";
import { createSink } from "../../src/telemetry/log.ts";
import { jsonFormat, prettyFormat } from "../../src/telemetry/log_line.ts";
import { LogSampler } from "../../src/telemetry/log_sampler.ts";
import { LogValues } from "../../src/telemetry/log_value.ts";
import { z } from "zod";
import { defineMethod } from "../../src/gateway.ts";
import { RpcError } from "../../src/protocol/errors.ts";
import { serveGateway } from "../gateway/local_gateway.ts";

const COMMON = { node: "n1", region: "eu" };
const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw";

function record(
  message: string,
  properties: Record<string, unknown> = {},
  level: LogRecord["level"] = "info",
): LogRecord {
  const timestamp = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
  return {
    category: ["waygate"],
    level,
    message: [message],
    rawMessage: message,
    timestamp,
    properties,
  };
}

/** Lines that records make, as they would be written. */
function lines(records: readonly LogRecord[], format: "json" | "pretty", secrets: string[] = []) {
  const values = new LogValues(secrets);
  const written: string[] = [];
  const line = format === "json" ? jsonFormat(values, COMMON) : prettyFormat(values, false);
  const sink = createSink(values, line, (text) => written.push(text));
  for (const each of records) sink(each);
  return written;
}

function json(message: string, properties?: Record<string, unknown>, secrets?: string[]) {
  const [line = ""] = lines([record(message, properties)], "json", secrets);
  return JSON.parse(line);
}

Deno.test("a JSON line has time, level, message, node, region and the record's properties", () => {
  assert.deepEqual(json("Hello", { session: "ws_1", code: 4401, nested: { list: [1, null] } }), {
    time: "2026-01-02T03:04:05.006Z",
    level: "info",
    message: "Hello",
    node: "n1",
    region: "eu",
    session: "ws_1",
    code: 4401,
    nested: { list: [1, null] },
  });
});

Deno.test("no property can pass for the line's own", () => {
  const line = json("Hello", { time: "never", level: "fatal", message: "x", node: "n2" });
  assert.deepEqual([line.time, line.level], ["2026-01-02T03:04:05.006Z", "info"]);
  assert.deepEqual([line.message, line.node], ["Hello", "n1"]);
});

Deno.test("an error is its stack with its causes, without its properties", () => {
  const cause = Object.assign(new TypeError("Deep"), { body: "what the player wrote" });
  const { error } = json("Failed", { error: new Error("Shallow", { cause }) });
  assert.match(error, /^Error: Shallow\n {4}at .*\nCaused by: TypeError: Deep\n {4}at /s);
  assert.ok(!error.includes("what the player wrote"));
});

Deno.test("values that JSON cannot carry become text, and large ones end", () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  const line = json("Odd", {
    big: 12345678901234567890n,
    none: undefined,
    nan: NaN,
    date: new Date(0),
    map: new Map([["a", 1]]),
    bytes: new Uint8Array(7),
    circular,
    long: "x".repeat(100_000),
  });
  assert.deepEqual(
    [line.big, line.none, line.nan, line.date, line.map, line.bytes],
    ["12345678901234567890", "undefined", "NaN", "1970-01-01T00:00:00.000Z", { a: 1 }, "[7 bytes]"],
  );
  assert.ok(line.long.length < 10_000);
  assert.ok(JSON.stringify(line.circular).length < 200);
});

Deno.test("a line shows no token, login, key or configured secret", () => {
  const secrets = [
    JWT,
    "https://ann:pw@redis.example/",
    "/ws?access_token=abc.def.ghi&x=1",
    "Authorization: Bearer abcdefghijkl",
    "waygate.v1, bearer.abcdefghijkl",
    "-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----",
    "the-configured-secret",
    "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY",
  ];
  const leaks = /eyJ|pw@|abc\.def|abcdefghijkl|MIIabc|the-configured-secret|SUACSS/;
  for (const secret of secrets) {
    const given = [
      json(`Failed with ${secret}`, {}, ["the-configured-secret"]),
      json("Failed", { error: new Error(secret) }, ["the-configured-secret"]),
      json("Failed", { deep: { list: [secret] } }, ["the-configured-secret"]),
      json("Failed", { [secret]: 1 }, ["the-configured-secret"]),
    ];
    for (const line of given) assert.doesNotMatch(JSON.stringify(line), leaks);
  }
  const named = json("Failed", { token: "short", api_secret: "s", payload: { text: "hi" } });
  assert.deepEqual([named.token, named.api_secret, named.payload], Array(3).fill("[secret]"));
  assert.equal(json("Expires", { token_expires_at: "soon" }).token_expires_at, "soon");
});

Deno.test("no control character gets into a line, and none makes a second one", () => {
  const nasty = 'a\r\n{"level":"fatal"}\u0085\u2028\u2029\u001b[2J\u009b31m\u202e\u0000b';
  const records = [record(nasty, { session: nasty, [nasty]: 1, error: new Error(nasty) })];
  const [line = ""] = lines(records, "json");
  // deno-lint-ignore no-control-regex -- those are meant
  assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
  assert.equal(JSON.parse(line).session, nasty);

  const [pretty = ""] = lines(records, "pretty");
  // deno-lint-ignore no-control-regex -- those are meant
  assert.doesNotMatch(pretty, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
  const [first = "", ...rest] = pretty.split("\n");
  assert.match(first, /^03:04:05\.006 info {4}a\\u000d\\u000a/);
  assert.ok(rest.every((text) => text.startsWith("    ")), "only indented lines follow");
});

Deno.test("a pretty line is for reading", () => {
  assert.deepEqual(lines([record("Hello", { session: "ws_1", n: 2 }, "warning")], "pretty"), [
    "03:04:05.006 warning Hello session=ws_1 n=2",
  ]);
});

Deno.test("the values of a message stand in their places", () => {
  const written: string[] = [];
  const values = new LogValues([]);
  const sink = createSink(values, jsonFormat(values, COMMON), (line) => written.push(line));
  sink({ ...record(""), message: ["Lost ", { a: 1 }, " because ", "it broke", ""] });
  assert.equal(JSON.parse(written[0] ?? "").message, 'Lost {"a":1} because it broke');
});

Deno.test("lines that repeat are left out, but no debug line and no other line is", () => {
  const same = Array.from({ length: 100 }, (_, n) => record("Same", { session: `ws_${n}` }));
  assert.equal(lines(same, "json").length, 20);
  const other = Array.from(
    { length: 100 },
    (_, n) => record("Same", { error: new Error(`e${n}`) }, "error"),
  );
  assert.equal(lines(other, "json").length, 100);
  const debug = Array.from({ length: 100 }, () => record("Same", {}, "debug"));
  assert.equal(lines(debug, "json").length, 100);
});

Deno.test("LogSampler.admit() tells how many were left out once the window is over", () => {
  const sampler = new LogSampler();
  const admitted = Array.from({ length: 30 }, () => sampler.admit("a", 1000));
  assert.deepEqual(admitted, [...Array(20).fill(0), ...Array(10).fill(undefined)]);
  assert.equal(sampler.admit("b", 1000), 0);
  assert.equal(sampler.admit("a", 10_999), undefined);
  assert.equal(sampler.admit("a", 11_000), 11);
  assert.equal(sampler.admit("a", 11_001), 0);
});

Deno.test("LogSampler.admit() remembers a bounded number of lines", () => {
  const sampler = new LogSampler();
  for (let line = 0; line < 100; line++) sampler.admit("first", 0);
  for (let line = 0; line < 1000; line++) sampler.admit(`line ${line}`, 1);
  assert.equal(sampler.admit("first", 2), 0, "it was forgotten");
});

Deno.test("an internal error names the line that tells what happened", async () => {
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { memory: (each) => records.push(each) },
    loggers: [{ category: ["waygate"], lowestLevel: "error", sinks: ["memory"] }, {
      category: ["logtape", "meta"],
      sinks: [],
    }],
  });
  try {
    const broken = defineMethod({
      params: z.object({}),
      result: z.object({}),
      handler: () => {
        throw new Error("It broke here");
      },
    });
    await using local = await serveGateway({ methods: { "test.broken": broken } });
    await using player = await local.player("ann");
    const error = await player.call("test.broken", {}).catch((reason: unknown) => reason);
    assert.ok(error instanceof RpcError);
    const { request_id: requestId } = error.data as { request_id: string };
    assert.ok(!JSON.stringify(error).includes("It broke here"));
    const line = records.find(({ properties }) => properties["request_id"] === requestId);
    assert.match(String(line?.properties["error"]), /It broke here/);
  } finally {
    await reset();
  }
});
