/**
 * The REST server as plain HTTP: who may, what it answers, what it refuses.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { sharedBackends, uniquePrefix } from "../support/backends.ts";

const { restUrl, restToken } = await sharedBackends();
const bearer = { authorization: `Bearer ${restToken}` };

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${restUrl}${path}`, { headers: bearer, ...init });
  return { status: response.status, body: await response.json() };
}

async function post(path: string, body: unknown, headers = {}): Promise<Answer> {
  return await ask(path, {
    method: "POST",
    headers: { ...bearer, ...headers },
    body: JSON.stringify(body),
  });
}

/** The request exactly as written, for what `fetch` would tidy up. */
async function raw(target: string): Promise<string> {
  const { hostname, port } = new URL(restUrl);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const head = `GET ${target} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n`;
  await connection.write(
    new TextEncoder().encode(`${head}Authorization: Bearer ${restToken}\r\n\r\n`),
  );
  return await new Response(connection.readable).text();
}

function errorOf({ body }: Answer): string {
  return String((body as { error?: unknown }).error);
}

Deno.test("a request without the token is refused with 401", async () => {
  const unauthorized = { status: 401, body: { error: "Unauthorized" } };
  for (const authorization of ["", "Bearer", "Bearer wrong", `Basic ${restToken}`, restToken]) {
    assert.deepEqual(await ask("/get/k", { headers: { authorization } }), unauthorized);
  }
  assert.deepEqual(await ask("/get/k?_token=wrong", { headers: {} }), unauthorized);
  assert.deepEqual(await ask("/pipeline", { method: "POST", headers: {} }), unauthorized);
  assert.equal((await ask(`/get/k?_token=${restToken}`, { headers: {} })).status, 200);
});

Deno.test("GET /-/healthz answers without a token", async () => {
  assert.deepEqual(await ask("/-/healthz", { headers: {} }), {
    status: 200,
    body: { status: "ok" },
  });
});

Deno.test("path style: arguments in the path, the value as body, options as query", async () => {
  const key = uniquePrefix();
  assert.deepEqual(await ask(`/set/${key}/v%2F%F0%9F%98%80/EX/100`), {
    status: 200,
    body: { result: "OK" },
  });
  assert.deepEqual((await ask(`/get/${key}`)).body, { result: "v/😀" });
  const value = '{"json": true}';
  assert.equal((await ask(`/set/${key}?EX=100&XX`, { method: "POST", body: value })).status, 200);
  assert.deepEqual((await ask(`/GET/${key}`)).body, { result: value });
  assert.deepEqual((await ask(`/ttl/${key}`)).body, { result: 100 });
  assert.deepEqual((await ask(`/set/${key}/`)).body, { result: "OK" });
  assert.deepEqual((await ask(`/get/${key}`)).body, { result: "" });
});

Deno.test("path style: dots, plus and percent signs are arguments like any other", async () => {
  assert.match(await raw("/echo/.."), /\{"result":".."\}$/);
  assert.match(await raw("/echo/%2E%2E?_token="), /\{"result":".."\}$/);
  assert.match(await raw("/echo/a+b%2Bc"), /\{"result":"a\+b\+c"\}$/);
  assert.match(await raw("/echo/%25zz"), /\{"result":"%zz"\}$/);
  assert.match(await raw("/echo/%zz"), /ERR failed to parse command/);
});

Deno.test("bytes survive both ways with base64 responses", async () => {
  const key = uniquePrefix();
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  await ask(`/set/${key}`, { method: "POST", body: bytes });
  assert.deepEqual((await ask(`/strlen/${key}`)).body, { result: 256 });
  const headers = { "Upstash-Encoding": "base64" };
  assert.deepEqual((await post("/", ["GET", key], headers)).body, {
    result: bytes.toString("base64"),
  });
});

Deno.test("base64 responses leave OK, numbers, null and errors as they are", async () => {
  const key = uniquePrefix();
  const commands = [["SET", key, "OK"], ["INCR", key], ["GET", `${key}:none`], ["MGET", key], [
    "STRLEN",
    key,
  ]];
  const { body } = await post("/pipeline", commands, { "upstash-encoding": "base64" });
  assert.deepEqual(body, [
    { result: "OK" },
    { error: "ERR value is not an integer or out of range" },
    { result: null },
    { result: ["T0s="] },
    { result: 2 },
  ]);
});

Deno.test("an error of Redis is a 400 with its words", async () => {
  assert.deepEqual(await post("/", ["SET", "only-a-key"]), {
    status: 400,
    body: { error: "ERR wrong number of arguments for 'set' command" },
  });
  assert.match(errorOf(await post("/", ["NOSUCH"])), /^ERR unknown command 'NOSUCH'/);
});

Deno.test("a transaction that Redis does not accept is a 400", async () => {
  assert.deepEqual(await post("/multi-exec", [["SET", "k", "v"], ["GET"]]), {
    status: 400,
    body: { error: "EXECABORT Transaction discarded because of previous errors." },
  });
  assert.equal((await post("/multi-exec", [["SET", "k", "v"], ["BLPOP", "k", 0]])).status, 400);
  assert.deepEqual(await post("/", ["PING"]), { status: 200, body: { result: "PONG" } });
});

Deno.test("a refused command in a pipeline fails on its own", async () => {
  const key = uniquePrefix();
  const commands = [["SET", key, 1], ["WAIT", 1, 0], "GET", ["INCR", key]];
  const { status, body } = await post("/pipeline", commands);
  assert.equal(status, 200);
  assert(Array.isArray(body));
  assert.match(body[1].error, /^ERR WAIT is not available over REST/);
  assert.match(body[2].error, /^ERR failed to parse command/);
  assert.deepEqual([body[0], body[3]], [{ result: "OK" }, { result: 2 }]);
});

Deno.test("what is no command is a 400 that says so", async () => {
  for (const body of [[], {}, "GET", null, [["GET", "k"]], ["SET", "k", { a: 1 }], ["SET", null]]) {
    assert.match(errorOf(await post("/", body)), /^ERR failed to parse command/);
  }
  for (const name of ["", "GET KEY", "GET\r\nSET", "-", "é"]) {
    assert.match(errorOf(await post("/", [name, "k"])), /^ERR unknown command/);
  }
  for (const path of ["/pipeline", "/multi-exec"]) {
    for (const body of [[], {}, 7]) {
      assert.match(errorOf(await post(path, body)), /^ERR failed to parse (pipeline|multi-exec)/);
    }
  }
  const { status, body } = await ask("/", { method: "POST", body: "{not json" });
  assert.deepEqual({ status, body }, {
    status: 400,
    body: { error: "ERR failed to parse command: the body is not JSON" },
  });
});

Deno.test("limits: body size, number of commands, methods", async () => {
  const large = await ask("/set/k", { method: "POST", body: "x".repeat(10 * 1024 * 1024 + 1) });
  assert.equal(large.status, 413);
  const many = Array.from({ length: 10_001 }, () => ["PING"]);
  assert.deepEqual(await post("/pipeline", many), {
    status: 400,
    body: { error: "ERR pipeline has more than 10000 commands" },
  });
  assert.equal((await ask("/get/k", { method: "DELETE" })).status, 405);
});

Deno.test("commands that would hold up or confuse the others are refused", async () => {
  const refused = [
    ...["BLPOP k 0", "brpop k 0", "BLMOVE a b LEFT LEFT 0", "BZPOPMIN k 0", "WAIT 1 0"],
    ...["XREAD BLOCK 0 STREAMS s $", "xreadgroup GROUP g c block 0 STREAMS s >"],
    ...["SUBSCRIBE c", "PSUBSCRIBE *", "MONITOR", "MULTI", "EXEC", "WATCH k", "DISCARD"],
    ...["SELECT 1", "AUTH x", "CLIENT REPLY OFF", "HELLO 3", "QUIT", "RESET"],
    ...["SHUTDOWN", "DEBUG SLEEP 9", "CONFIG SET dir /tmp", "SCRIPT DEBUG YES"],
  ];
  for (const command of refused) {
    const answer = await post("/", command.split(" "));
    assert.equal(answer.status, 400, command);
    assert.match(errorOf(answer), /^ERR [A-Z]+ is not available over REST: /, command);
  }
  assert.match(errorOf(await ask("/subscribe/c")), /is not available over REST/);
  assert.deepEqual((await post("/", ["PING"])).body, { result: "PONG" });
});

Deno.test("reading a stream is refused when it blocks, whatever groups and keys are called", async () => {
  const key = uniquePrefix();
  for (const [group, consumer] of [["STREAMS", "block"], ["block", "STREAMS"], ["GROUP", "g"]]) {
    await post("/", ["XGROUP", "CREATE", key, group, "$", "MKSTREAM"]);
    const read = ["XREADGROUP", "GROUP", group, consumer, "COUNT", 1, "NOACK"];
    const blocking = await post("/", [...read, "BLOCK", 4000, "STREAMS", key, ">"]);
    assert.match(errorOf(blocking), /is not available over REST/);
    assert.deepEqual((await post("/", [...read, "STREAMS", key, ">"])).body, { result: null });
  }
  assert.deepEqual((await post("/", ["XREAD", "STREAMS", key, "block", 0, 0])).body, {
    result: null,
  });
});
