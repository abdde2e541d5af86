import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { defineMethod } from "../../src/gateway.ts";
import { type Caller, Router } from "../../src/gateway/router.ts";
import { ErrorCode, RpcError } from "../../src/protocol/errors.ts";
import { Counters } from "../../src/telemetry/counters.ts";
import { isLong } from "./engines.ts";

const MAX_BATCH = 5;

const router = new Router({
  methods: {
    now: defineMethod({ params: z.unknown(), result: z.unknown(), handler: (params) => params }),
    later: defineMethod({
      params: z.strictObject({ a: z.int() }),
      result: z.unknown(),
      handler: ({ a }) => Promise.resolve(a),
    }),
    wrong: defineMethod({
      params: z.unknown(),
      result: z.unknown(),
      handler: () => Promise.reject(new RpcError(ErrorCode.notFound)),
    }),
  },
  maxBatch: MAX_BATCH,
  counters: new Counters(),
  report: () => {},
});

const caller: Caller = {
  isOver: false,
  userId: "ann",
  name: undefined,
  scopes: new Set(),
  sessionId: "ws_1",
  signal: new AbortController().signal,
  notify() {},
  admit: () => undefined,
} as Caller;

/** What the specification wants as answer to one message: an id, or nothing. */
function wantedId(message: unknown): { id: unknown } | undefined {
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    return { id: null };
  }
  const { jsonrpc, method, params, id } = message as Record<string, unknown>;
  const isRequest = jsonrpc === "2.0" && typeof method === "string" &&
    (params === undefined || (typeof params === "object" && params !== null)) &&
    (id === undefined || id === null || typeof id === "string" ||
      // What is too large for a number cannot be said back.
      (typeof id === "number" && Number.isFinite(id)));
  if (!isRequest) return { id: null };
  return id === undefined ? undefined : { id };
}

/** The answer's shape as the specification has it (§5, §6): one object, an array, or nothing. */
function wantedAnswer(text: string): unknown {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return { id: null };
  }
  if (!Array.isArray(message)) return wantedId(message);
  if (message.length === 0 || message.length > MAX_BATCH) return { id: null };
  const ids = message.map(wantedId).filter((wanted) => wanted !== undefined);
  return ids.length === 0 ? undefined : ids;
}

/** Checks one answer and leaves its id. */
function idOf(answer: unknown): { id: unknown } {
  const { jsonrpc, id, result, error, ...rest } = answer as Record<string, unknown>;
  assert.equal(jsonrpc, "2.0");
  assert.deepEqual(rest, {});
  assert.ok((result === undefined) !== (error === undefined));
  if (error !== undefined) {
    const { code, message } = error as Record<string, unknown>;
    assert.ok(Number.isInteger(code) && typeof message === "string");
  }
  return { id };
}

async function check(text: string): Promise<void> {
  const reply = await router.handle(text, caller);
  const wanted = wantedAnswer(text);
  if (reply === undefined) {
    assert.equal(wanted, undefined);
    return;
  }
  const answer: unknown = JSON.parse(reply);
  assert.deepEqual(Array.isArray(answer) ? answer.map(idOf) : idOf(answer), wanted);
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1e300, 2 ** 53, "", "now", [], {}, "__proto__"),
  fc.jsonValue(),
);

/** Nearly a request: each part may be there, be absent, or be anything. */
const nearly = fc.record({
  jsonrpc: fc.oneof({ weight: 5, arbitrary: fc.constant("2.0") }, odd),
  method: fc.oneof({ weight: 5, arbitrary: fc.constantFrom("now", "later", "wrong", "none") }, odd),
  params: fc.oneof(fc.constantFrom<unknown>({}, { a: 1 }, { a: "x" }, [1]), odd),
  id: fc.oneof(fc.integer(), fc.string(), odd),
  extra: odd,
}, { requiredKeys: [] });

const message = fc.oneof(
  { weight: 4, arbitrary: nearly },
  { weight: 2, arbitrary: fc.array(fc.oneof(nearly, odd), { maxLength: MAX_BATCH + 2 }) },
  { weight: 1, arbitrary: odd },
).map((value) => JSON.stringify(value));

/** A message cut, or with a few characters replaced. */
const damaged = fc.tuple(message, fc.nat(), fc.string({ maxLength: 4 }), fc.nat(8)).map(
  ([text, at, insert, gone]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + insert + text.slice(start + gone);
  },
);

const numRuns = isLong ? 200_000 : 3000;

Deno.test("whatever comes as a message gets the answer that JSON-RPC wants", async () => {
  await fc.assert(fc.asyncProperty(fc.oneof(message, damaged), check), { numRuns });
});

Deno.test("whatever text comes gets the answer that JSON-RPC wants", async () => {
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), fc.json({ maxDepth: 8 }));
  await fc.assert(fc.asyncProperty(text, check), { numRuns });
});
