import { strict as assert } from "node:assert";
import { connect, open } from "../support/game_client.ts";
import { serveGateway } from "./local_gateway.ts";
import { refusal } from "./refusal.ts";
import { AUDIENCE, BAD_TOKENS, goodClaims, ISSUER, SECRET, sign } from "./tokens.ts";

const TERMS = { JWT_SECRET: SECRET, JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE };

Deno.test("a bad token is refused with its reason, however it is given", async (test) => {
  await using local = await serveGateway({ env: TERMS });
  for (const { name, token, reason } of BAD_TOKENS) {
    // Not every text can stand in every place.
    const fitsHeader = /^[\x21-\x7e]+$/.test(token);
    await test.step(`${name}: ${reason}`, async () => {
      for (const via of fitsHeader ? ["header", "query"] as const : ["query"] as const) {
        const { status, headers, code, message, data } = await refusal(local, { token, via });
        assert.deepEqual({ status, code, message, data }, {
          status: 401,
          code: -32001,
          message: "Unauthorized",
          data: { reason },
        });
        assert.match(headers.get("www-authenticate") ?? "", /^Bearer .*error="invalid_token"/);
      }
      if (!fitsHeader) return;
      const client = await open(local.wsUrl, { token, via: "subprotocol" });
      client.notify("player.updateStatus", { status: "busy" });
      client.send({ jsonrpc: "2.0", id: 1, method: "system.ping" });
      assert.deepEqual(await client.closed, { code: 4401, reason: `unauthorized: ${reason}` });
      assert.deepEqual(client.received, [{
        jsonrpc: "2.0",
        method: "system.error",
        params: { code: -32001, message: "Unauthorized", data: { reason, close_code: 4401 } },
      }]);
      assert.equal(client.socket.protocol, "waygate.v1");
    });
  }
  assert.equal(local.gateway.node.counters.messagesReceived, 0);
  assert.equal(local.gateway.node.counters.connectionsOpened, 0);
});

Deno.test("a missing token is refused as missing", async () => {
  await using local = await serveGateway({ env: TERMS });
  for (const headers of [{}, { Authorization: "Basic YTpi" }]) {
    const { status, headers: answered, code, data } = await refusal(local, { headers });
    assert.deepEqual({ status, code, data }, {
      status: 401,
      code: -32001,
      data: { reason: "missing" },
    });
    assert.match(answered.get("www-authenticate") ?? "", /^Bearer /);
  }
});

Deno.test("an empty token is a malformed one, wherever it stands", async () => {
  await using local = await serveGateway({ env: TERMS });
  for (const authorization of ["Bearer", "Bearer ", "bearer"]) {
    const { data } = await refusal(local, { headers: { Authorization: authorization } });
    assert.deepEqual(data, { reason: "malformed" });
  }
  assert.deepEqual((await refusal(local, { token: "", via: "query" })).data, {
    reason: "malformed",
  });
});

Deno.test("the token of the header comes before the subprotocol's and that before the query's", async () => {
  await using local = await serveGateway({ env: TERMS });
  const token = (sub: string) => sign({ ...goodClaims(), sub });
  const url = `${local.wsUrl}?access_token=${token("query")}`;
  const protocols = ["waygate.v1", `bearer.${token("subprotocol")}`];
  const headers = { Authorization: `Bearer ${token("header")}` };
  const users: string[] = [];
  for (const options of [{ protocols, headers }, { protocols }, {}]) {
    await using client = await connect(url, options);
    users.push(client.welcome.user_id);
  }
  assert.deepEqual(users, ["header", "subprotocol", "query"]);
  // The first that is there decides, good or bad.
  const bad = { protocols, headers: { Authorization: "Bearer nonsense" } };
  assert.deepEqual((await refusal(local, bad)).data, { reason: "malformed" });
});

Deno.test("ALLOW_QUERY_TOKEN=false takes no token from the query", async () => {
  await using local = await serveGateway({ env: { ...TERMS, ALLOW_QUERY_TOKEN: "false" } });
  const token = sign(goodClaims());
  const { status, data } = await refusal(local, { token, via: "query" });
  assert.deepEqual({ status, data }, { status: 401, data: { reason: "missing" } });
  await using _ = await connect(local.wsUrl, { token, via: "subprotocol" });
});

Deno.test("the subprotocol is answered, the token never", async () => {
  await using local = await serveGateway({ env: TERMS });
  const token = sign(goodClaims());
  const answers: [string[], string][] = [
    [[], ""],
    [["waygate.v1"], "waygate.v1"],
    [["waygate.v1.batch"], "waygate.v1.batch"],
    [["waygate.v1", "waygate.v1.batch"], "waygate.v1.batch"],
    [["graphql-ws"], ""],
    [["graphql-ws", "waygate.v1"], "waygate.v1"],
  ];
  for (const [protocols, answer] of answers) {
    for (const via of ["header", "subprotocol", "query"] as const) {
      await using client = await connect(local.wsUrl, { token, via, protocols });
      assert.equal(client.socket.protocol, answer, `${protocols} via ${via}`);
    }
  }
});

Deno.test("a browser's WebSocket connects with a token among its subprotocols", async () => {
  await using local = await serveGateway({ env: TERMS });
  const socket = new WebSocket(local.wsUrl, ["waygate.v1", `bearer.${sign(goodClaims())}`]);
  const first = await new Promise<MessageEvent>((resolve) => socket.onmessage = resolve);
  assert.equal(JSON.parse(first.data).method, "system.welcome");
  assert.equal(socket.protocol, "waygate.v1");
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  socket.close();
  assert.equal((await closed).wasClean, true);
});

Deno.test("only pages of allowed origins may connect", async (test) => {
  const token = sign(goodClaims());
  const list = "https://play.example.com,http://localhost:3000";
  const cases: { allowed: string; origin: (host: string) => string; passes: boolean }[] = [
    { allowed: "", origin: (host) => `http://${host}`, passes: true },
    { allowed: "", origin: (host) => `https://${host}`, passes: true },
    { allowed: "", origin: () => "https://evil.example.com", passes: false },
    { allowed: "", origin: () => "null", passes: false },
    { allowed: "", origin: (host) => `http://${host}.evil.example.com`, passes: false },
    { allowed: list, origin: () => "https://play.example.com", passes: true },
    { allowed: list, origin: () => "http://localhost:3000", passes: true },
    { allowed: list, origin: () => "http://play.example.com", passes: false },
    { allowed: list, origin: () => "https://play.example.com.evil.example", passes: false },
    { allowed: list, origin: (host) => `http://${host}`, passes: false },
    { allowed: list, origin: () => "null", passes: false },
    { allowed: "*", origin: () => "https://evil.example.com", passes: true },
    { allowed: "*", origin: () => "null", passes: true },
  ];
  for (const { allowed, origin, passes } of cases) {
    const name = origin("its.own.host");
    await test.step(`"${allowed}" ${passes ? "lets in" : "keeps out"} ${name}`, async () => {
      await using local = await serveGateway({ env: { ...TERMS, ALLOWED_ORIGINS: allowed } });
      const headers = {
        Origin: origin(new URL(local.url).host),
        Authorization: `Bearer ${token}`,
      };
      if (passes) {
        await using _ = await connect(local.wsUrl, { headers });
      } else {
        const { status, code } = await refusal(local, { headers });
        assert.deepEqual({ status, code }, { status: 403, code: -32002 });
      }
      // Native clients send none.
      await using _ = await connect(local.wsUrl, { token });
    });
  }
});

Deno.test("a request that is no upgrade is told to upgrade", async () => {
  await using local = await serveGateway({ env: TERMS });
  const httpUrl = local.wsUrl.replace("ws:", "http:");
  const plain = await fetch(httpUrl, {
    headers: { authorization: `Bearer ${sign(goodClaims())}` },
  });
  assert.equal(plain.status, 426);
  assert.equal(plain.headers.get("upgrade"), "websocket");
  assert.equal((await plain.json()).error.code, -32600);
  const other = await refusal(local, { headers: { Upgrade: "h2c" } });
  assert.deepEqual([other.status, other.code], [426, -32600]);
});

Deno.test("a handshake that is not a WebSocket's is refused, and the next one works", async () => {
  await using local = await serveGateway({ env: TERMS });
  const authorization = { Authorization: `Bearer ${sign(goodClaims())}` };
  const broken: Record<string, string | null>[] = [
    { "Sec-WebSocket-Key": null },
    { "Connection": "keep-alive" },
  ];
  for (const headers of broken) {
    const { status, code } = await refusal(local, { headers: { ...authorization, ...headers } });
    assert.deepEqual({ status, code }, { status: 400, code: -32600 }, JSON.stringify(headers));
  }
  await using _ = await connect(local.wsUrl, { headers: authorization });
});
