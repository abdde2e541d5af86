import { strict as assert } from "node:assert";
import { readConfig } from "../../src/config.ts";
import { createDenoEngine } from "../../src/gateway/socket_deno.ts";
import { createWsEngine } from "../../src/gateway/socket_ws.ts";
import { connect } from "../support/game_client.ts";
import { sendRaw } from "../security/raw_http.ts";
import { type LocalGateway, serveGateway } from "./local_gateway.ts";
import { refusal } from "./refusal.ts";

/** What HTTP (RFC 9110, RFC 9112) and RFC 6455 allow a client, and clients hardly ever do. */
const ENGINES = ["deno", "ws"];

function onEachEngine(name: string, run: (local: LocalGateway) => Promise<void>): void {
  for (const engine of ENGINES) {
    Deno.test(`${name}, engine ${engine}`, async () => {
      await using local = await serveGateway({ env: { WEBSOCKET_ENGINE: engine } });
      await run(local);
    });
  }
}

const portOf = ({ url }: LocalGateway): number => Number(new URL(url).port);

onEachEngine(
  "a request may come without Host in HTTP/1.0, or with an absolute URL",
  async (local) => {
    const old = await sendRaw(portOf(local), "GET /healthz HTTP/1.0\r\n\r\n");
    assert.match(old.text, /^HTTP\/1\.[01] 200 .*\{"status":"ok"\}$/s);
    const absolute = "GET http://game.example:80/healthz HTTP/1.1\r\nHost: game.example\r\n\r\n";
    const { status, text } = await sendRaw(portOf(local), absolute);
    assert.equal(status, 200);
    assert.ok(text.endsWith('{"status":"ok"}'), text);
  },
);

Deno.test("engine ws refuses targets that it does not serve", async () => {
  await using local = await serveGateway({ env: { WEBSOCKET_ENGINE: "ws" } });
  const targets = ["ftp://game.example/healthz", "http://", "http://a:b@game.example/healthz", "*"];
  for (const target of targets) {
    const request = `GET ${target} HTTP/1.1\r\nHost: game.example\r\n\r\n`;
    assert.equal((await sendRaw(portOf(local), request)).status, 400, target);
  }
});

onEachEngine("HEAD says the length that GET has", async (local) => {
  for (const path of ["/healthz", "/openrpc.json", "/nothing"]) {
    const request = `${path} HTTP/1.1\r\nHost: game.example\r\nConnection: close\r\n\r\n`;
    const { text: got } = await sendRaw(portOf(local), `GET ${request}`);
    const { text: head } = await sendRaw(portOf(local), `HEAD ${request}`, { limitMs: 1000 });
    const lengthOf = (text: string) => /^content-length: *(\d+)/im.exec(text)?.[1];
    assert.equal(lengthOf(head), lengthOf(got), path);
    assert.ok(head.endsWith("\r\n\r\n"), "no body");
  }
});

for (const status of [204, 304]) {
  Deno.test(`${status} says nothing of a length`, async () => {
    const config = readConfig({}, { development: true });
    for (const engine of [createDenoEngine(), createWsEngine(config)]) {
      const where = { hostname: "127.0.0.1", port: 0 };
      const server = await engine.serve(where, () => new Response(null, { status }));
      const request = "GET / HTTP/1.1\r\nHost: game.example\r\nConnection: close\r\n\r\n";
      const answer = await sendRaw(server.port, request);
      assert.equal(answer.status, status);
      assert.doesNotMatch(answer.text, /content-length/i);
      await server.stop();
    }
  });
}

onEachEngine("Upgrade is a list, and so are the subprotocols", async (local) => {
  const token = await local.token("ann");
  const Authorization = `Bearer ${token}`;
  for (const Upgrade of ["foo, websocket", "WebSocket", "foo/1,websocket"]) {
    await using _ = await connect(local.wsUrl, { headers: { Authorization, Upgrade } });
  }
  for (const list of [`waygate.v1, bearer.${token},`, `,waygate.v1 ,, bearer.${token}`]) {
    await using client = await connect(local.wsUrl, {
      protocols: [],
      headers: { "Sec-WebSocket-Protocol": list },
    });
    assert.equal(client.socket.protocol, "waygate.v1", list);
  }
});

onEachEngine("another version of the protocol is told ours", async (local) => {
  const Authorization = `Bearer ${await local.token("ann")}`;
  for (const version of ["8", "14", "13, 8", null]) {
    const headers = { Authorization, "Sec-WebSocket-Version": version };
    const { status, headers: answered, code } = await refusal(local, { headers });
    assert.deepEqual({ status, code }, { status: 426, code: -32600 }, `${version}`);
    assert.equal(answered.get("sec-websocket-version"), "13");
    assert.equal(answered.get("upgrade"), "websocket");
  }
});

onEachEngine("a page's own host may be written in other ways", async (local) => {
  const Authorization = `Bearer ${await local.token("ann")}`;
  const cases: [origin: string, host: string, passes: boolean][] = [
    ["https://game.example", "game.example", true],
    ["https://game.example", "game.example:443", true],
    ["http://game.example", "game.example:80", true],
    ["http://game.example", "Game.Example", true],
    ["http://[::1]", "[0:0::1]:80", true],
    ["https://game.example", "game.example:8443", false],
    ["https://game.example.evil", "game.example", false],
    ["https://evil.example", "game.example:443", false],
  ];
  for (const [Origin, Host, passes] of cases) {
    const headers = { Authorization, Origin, Host };
    if (passes) {
      await using _ = await connect(local.wsUrl, { headers });
    } else {
      assert.equal((await refusal(local, { headers })).status, 403, `${Origin} at ${Host}`);
    }
  }
});
