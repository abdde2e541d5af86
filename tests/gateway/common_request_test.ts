import fc from "fast-check";
import assert from "node:assert/strict";
import { readCommonRequest } from "../../src/gateway/common_request.ts";
import { idOf, isEnvelope, parseMessage } from "../../src/gateway/envelope.ts";

/** What the text means by the general way; undefined when it is no single request. */
function readAnyRequest(text: string): unknown {
  let message: unknown;
  try {
    message = parseMessage(text);
  } catch {
    return undefined;
  }
  if (Array.isArray(message) || !isEnvelope(message)) return undefined;
  return { id: idOf(message), method: message.method, params: message.params };
}

const name = fc.oneof(
  fc.constantFrom("system.ping", "a", "", "über", "a\\u0062", 'a\\"b', "a\\", "a\nb", "\u2028"),
  fc.string(),
);
const id = fc.oneof(
  fc.integer().map(String),
  fc.bigInt().map(String),
  fc.double().map(String),
  fc.constantFrom("0", "00", "-0", "01", "1e3", "1.0", '"x"', "null", "", "{}", "999999999999999"),
  fc.string(),
);
const params = fc.oneof(
  fc.constantFrom(
    "{}",
    "{ }",
    "[]",
    "",
    "1",
    '{"__proto__":{"a":1}}',
    '{"a":1,"a":2}',
    '{"a":1},"id":7',
    '{"a":{"b":1}',
    '{"a":1}}',
    '{},"params":{}',
    '{},"method":"b"',
    '{"a":"}"}',
    '{"id":5}',
    '{"a":1e400}',
  ),
  fc.json(),
  fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
);
const space = fc.constantFrom("", "", "", "", " ", "\n", "x", ",", "}");
const member = fc.oneof(
  id.map((value) => `"id":${value}`),
  name.map((value) => `"method":"${value}"`),
  params.map((value) => `"params":${value}`),
  fc.constantFrom('"jsonrpc":"2.0"', '"jsonrpc":"1.0"', '"more":1', '"__proto__":{"id":1}'),
);
const common = fc.tuple(id, name, params, space, space).chain(([id, name, params, s, t]) =>
  fc.constantFrom(
    `{"jsonrpc":"2.0","id":${id},${s}"method":"${name}","params":${params}${t}}`,
    `{"jsonrpc":"2.0","method":"${name}","params":${params},${s}"id":${id}${t}}`,
    `${s}{"jsonrpc":"2.0","method":"${name}","params":${params}${t}}`,
  )
);
const text = fc.oneof(
  { weight: 4, arbitrary: common },
  fc.array(member, { maxLength: 6 }).map((members) => `{${members.join(",")}}`),
  fc.array(member, { maxLength: 5 }).map((members) => `{"jsonrpc":"2.0",${members.join(",")}}`),
  fc.json(),
  fc.string(),
);

Deno.test("readCommonRequest() finds what JSON.parse finds, or leaves the text to it", () => {
  fc.assert(
    fc.property(text, (text) => {
      const request = readCommonRequest(text);
      if (request !== undefined) assert.deepEqual(request, readAnyRequest(text));
    }),
    { numRuns: 5000 },
  );
});

Deno.test("readCommonRequest() finds the same however a text was cut or changed", () => {
  const cut = fc.tuple(common, fc.nat(), fc.nat(3), fc.constantFrom("", "}", '"', "0", "\\", ","));
  fc.assert(
    fc.property(cut, ([text, at, length, instead]) => {
      const start = at % text.length;
      const changed = text.slice(0, start) + instead + text.slice(start + length);
      const request = readCommonRequest(changed);
      if (request !== undefined) assert.deepEqual(request, readAnyRequest(changed));
    }),
    { numRuns: 5000 },
  );
});

Deno.test("readCommonRequest() takes requests as JSON.stringify writes them", () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(fc.nat(), object, (id, params) => {
      const jsonrpc = "2.0", method = "player.sendEvent";
      const request = { id: String(id), method, params: JSON.parse(JSON.stringify(params)) };
      for (const message of [{ jsonrpc, id, method, params }, { jsonrpc, method, params, id }]) {
        assert.deepEqual(readCommonRequest(JSON.stringify(message)), request);
      }
      assert.deepEqual(
        readCommonRequest(JSON.stringify({ jsonrpc, method, params })),
        { ...request, id: undefined },
      );
    }),
  );
});
