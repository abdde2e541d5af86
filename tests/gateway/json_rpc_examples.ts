/**
 * Exchanges that JSON-RPC 2.0 fixes: what is sent as one text frame, and what has to come back.
 *
 * @module
 */

/** One exchange. */
export interface Exchange {
  readonly name: string;
  readonly sent: string;
  /** The reply as parsed JSON; undefined when there must be none. */
  readonly reply: unknown;
}

const parseError = { jsonrpc: "2.0", error: { code: -32700, message: "Parse error" }, id: null };
const invalidRequest = {
  jsonrpc: "2.0",
  error: { code: -32600, message: "Invalid Request" },
  id: null,
};

function notFound(id: unknown) {
  return { jsonrpc: "2.0", error: { code: -32601, message: "Method not found" }, id };
}

function result(id: unknown, value: unknown) {
  return { jsonrpc: "2.0", result: value, id };
}

function subtract(id: unknown): string {
  const params = { minuend: 42, subtrahend: 23 };
  return JSON.stringify({ jsonrpc: "2.0", method: "subtract", params, id });
}

function invalid(name: string, sent: string): Exchange {
  return { name, sent, reply: invalidRequest };
}

/** The examples of section 7, those with positional params by name. */
export const SPECIFICATION_EXAMPLES: readonly Exchange[] = [
  {
    name: "named parameters",
    sent:
      '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    reply: result(3, 19),
  },
  {
    name: "named parameters in another order",
    sent:
      '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 23, "subtrahend": 42}, "id": 4}',
    reply: result(4, -19),
  },
  {
    name: "a notification",
    sent: '{"jsonrpc": "2.0", "method": "update", "params": {"values": [1,2,3,4,5]}}',
    reply: undefined,
  },
  {
    name: "a notification of a method that does not exist",
    sent: '{"jsonrpc": "2.0", "method": "foobar"}',
    reply: undefined,
  },
  {
    name: "a method that does not exist",
    sent: '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
    reply: notFound("1"),
  },
  {
    name: "invalid JSON",
    sent: '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
    reply: parseError,
  },
  invalid("an invalid request object", '{"jsonrpc": "2.0", "method": 1, "params": "bar"}'),
  {
    name: "a batch of invalid JSON",
    sent:
      '[{"jsonrpc": "2.0", "method": "sum", "params": {"values": [1,2,4]}, "id": "1"}, {"jsonrpc": "2.0", "method"]',
    reply: parseError,
  },
  invalid("an empty array", "[]"),
  { name: "an invalid batch that is not empty", sent: "[1]", reply: [invalidRequest] },
  {
    name: "an invalid batch",
    sent: "[1,2,3]",
    reply: [invalidRequest, invalidRequest, invalidRequest],
  },
  {
    name: "a batch",
    sent: `[
      {"jsonrpc": "2.0", "method": "sum", "params": {"values": [1,2,4]}, "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": {"value": 7}},
      {"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ]`,
    reply: [
      result("1", 7),
      result("2", 19),
      invalidRequest,
      notFound("5"),
      result("9", ["hello", 5]),
    ],
  },
  {
    name: "a batch of notifications",
    sent: `[
      {"jsonrpc": "2.0", "method": "notify_sum", "params": {"values": [1,2,4]}},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": {"value": 7}}
    ]`,
    reply: undefined,
  },
];

const IDS: readonly unknown[] = [
  ...["id", "", " ", "1", '\u0000"\\\u2028', "😀", "x".repeat(2000)],
  ...[0, -1, 1.5, 1e-7, 1e21, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, null],
];

/** What the specification says besides its examples. */
export const FURTHER_EXAMPLES: readonly Exchange[] = [
  ...IDS.map((id) => ({
    name: `the id ${JSON.stringify(id).slice(0, 20)}`,
    sent: subtract(id),
    reply: result(id, 19),
  })),
  ...["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "", "rpc.nothing"].map(
    (method) => ({
      name: `the method "${method}"`,
      sent: JSON.stringify({ jsonrpc: "2.0", method, id: 1 }),
      reply: notFound(1),
    }),
  ),
  invalid("no version", '{"method":"get_data","id":1}'),
  invalid("another version", '{"jsonrpc":"1.0","method":"get_data","id":1}'),
  invalid("a version that is a number", '{"jsonrpc":2.0,"method":"get_data","id":1}'),
  invalid("no method", '{"jsonrpc":"2.0","id":1}'),
  invalid("params that are a string", '{"jsonrpc":"2.0","method":"get_data","params":"x","id":1}'),
  invalid("params that are null", '{"jsonrpc":"2.0","method":"get_data","params":null,"id":1}'),
  invalid("an id that is an object", '{"jsonrpc":"2.0","method":"get_data","id":{}}'),
  invalid("an id that is an array", '{"jsonrpc":"2.0","method":"get_data","id":[1]}'),
  invalid("an id that is a boolean", '{"jsonrpc":"2.0","method":"get_data","id":true}'),
  invalid("an id beyond all numbers", '{"jsonrpc":"2.0","method":"get_data","id":1e999}'),
  invalid("a reply", '{"jsonrpc":"2.0","result":1,"id":1}'),
  invalid("an inherited request", '{"__proto__":{"jsonrpc":"2.0","method":"get_data"},"id":1}'),
  ...["null", "true", "1", '"text"'].map((text) => invalid(`the value ${text}`, text)),
  ...["", " ", "{", "nul", "[1,]", "\ufeff{}", "{'a':1}", "[".repeat(60_000)].map((text) => ({
    name: `text that is not JSON: ${JSON.stringify(text.slice(0, 20))}`,
    sent: text,
    reply: parseError,
  })),
  {
    name: "an inherited id, which is none",
    sent: '{"jsonrpc":"2.0","method":"get_data","__proto__":{"id":1}}',
    reply: undefined,
  },
  {
    name: "arrays in arrays",
    sent: `${"[".repeat(30_000)}${"]".repeat(30_000)}`,
    reply: [invalidRequest],
  },
  {
    name: "a batch in a batch",
    sent: `[[${subtract(1)}],${subtract(2)}]`,
    reply: [invalidRequest, result(2, 19)],
  },
  {
    name: "a batch of one",
    sent: `[${subtract(1)}]`,
    reply: [result(1, 19)],
  },
  {
    name: "a batch with the same id twice",
    sent: `[${subtract(1)},${subtract(1)}]`,
    reply: [result(1, 19), result(1, 19)],
  },
  {
    name: "an integer beyond 2^53 as the id",
    sent: '{"jsonrpc":"2.0","method":"get_data","id":12345678901234567890}',
    reply: result(12345678901234567890, ["hello", 5]),
  },
];
