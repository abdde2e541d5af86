import assert from "node:assert/strict";
import type { Socket, SocketEnd, SocketListener } from "../../src/gateway/socket.ts";
import { createWsEngine, type WsEngineOptions } from "../../src/gateway/socket_ws.ts";
import { PeerWatch, type WatchedPeer } from "../../src/gateway/socket_ws_peers.ts";
import { HandshakeError, RawWebSocket } from "../support/raw_web_socket.ts";
import { until } from "../support/wait.ts";
import { Opcode } from "../support/web_socket_frames.ts";

/** A listener that keeps what it is told, in order. */
class Recorder implements SocketListener {
  readonly told: unknown[] = [];
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  onText(text: string): void {
    this.told.push(text);
  }

  onBinary(): void {
    this.told.push("binary");
  }

  onTooLarge(): void {
    this.told.push("too large");
  }

  onSilence(): void {
    this.told.push("silence");
  }

  onEnd(end: SocketEnd): void {
    this.told.push(end);
  }
}

/** A server that accepts every upgrade. */
async function serve(options?: Partial<WsEngineOptions>, protocol?: string) {
  const engine = createWsEngine({
    maxMessageBytes: 100,
    heartbeatIntervalMs: 60_000,
    maxConnections: 10,
    ...options,
  });
  const recorders: Recorder[] = [];
  const accept = (request: Request): Response => {
    if (new URL(request.url).pathname === "/refused") return new Response("No", { status: 403 });
    try {
      return engine.accept(request, { protocol, idleTimeoutMs: 0 }, (socket) => {
        const recorder = new Recorder(socket);
        recorders.push(recorder);
        return recorder;
      });
    } catch (error) {
      return new Response(String(error), { status: 400 });
    }
  };
  const server = await engine.serve({ hostname: "127.0.0.1", port: 0 }, accept);
  const url = server.url.replace("http", "ws");
  return {
    engine,
    url,
    recorders,
    /** Connects a client and gives both ends. */
    async connect(): Promise<{ client: RawWebSocket; recorder: Recorder }> {
      const client = await RawWebSocket.open(url, { protocols: ["other", "mine"] });
      const recorder = recorders.at(-1);
      assert.ok(recorder);
      return { client, recorder };
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
    },
  };
}

async function hears(recorder: Recorder, count: number): Promise<unknown[]> {
  await until(() => recorder.told.length >= count, { what: `${count} things to be told` });
  return recorder.told;
}

Deno.test("engine ws passes messages in both directions, in order", async () => {
  await using place = await serve(undefined, "mine");
  const { client, recorder } = await place.connect();
  assert.equal(client.protocol, "mine");
  const received: string[] = [];
  client.onText = (text) => received.push(text);
  client.send("one");
  client.sendFrame({ opcode: Opcode.text, payload: "t", isFinal: false });
  client.sendFrame({ opcode: Opcode.ping, payload: "between" });
  client.sendFrame({ opcode: Opcode.continuation, payload: "wo ü" });
  client.sendFrame({ opcode: Opcode.binary, payload: "x" });
  assert.deepEqual(await hears(recorder, 3), ["one", "two ü", "binary"]);
  for (const text of ["a", "ü🎲", "x".repeat(70_000)]) recorder.socket.send(text);
  await until(() => received.length === 3, { what: "three messages" });
  assert.deepEqual(received.map((text) => text.length), [1, 3, 70_000]);
  assert.ok(recorder.socket.isOpen);
  client.close();
  assert.deepEqual(await client.closed, { code: 1000, reason: "" });
});

Deno.test("engine ws negotiates no compression and answers only the protocol it is told", async () => {
  await using place = await serve();
  const client = await RawWebSocket.open(place.url, {
    protocols: ["mine"],
    headers: { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" },
  });
  assert.equal(client.protocol, "");
  client.destroy();
  await client.closed;
});

Deno.test("engine ws refuses what is no handshake, and lets the route refuse the rest", async () => {
  await using place = await serve();
  for (const headers of [{ "Sec-WebSocket-Key": "short" }, { "Sec-WebSocket-Version": "12" }]) {
    await assert.rejects(RawWebSocket.open(place.url, { headers }), (error) => {
      assert.ok(error instanceof HandshakeError);
      assert.equal(error.status, 400);
      assert.match(error.body, /TypeError/);
      return true;
    });
  }
  await assert.rejects(RawWebSocket.open(`${place.url}/refused`), (error) => {
    assert.ok(error instanceof HandshakeError);
    assert.deepEqual([error.status, error.body], [403, "No"]);
    return true;
  });
  assert.equal(place.recorders.length, 0);
});

Deno.test("accept() of engine ws wants a request of its own server", async () => {
  await using place = await serve();
  const request = new Request("http://127.0.0.1/ws", { headers: { Upgrade: "websocket" } });
  assert.throws(
    () => place.engine.accept(request, { protocol: undefined, idleTimeoutMs: 0 }, () => fail()),
    TypeError,
  );
});

Deno.test("a socket of engine ws ends once, and at once when the client says goodbye", async () => {
  await using place = await serve();
  const { client, recorder } = await place.connect();
  // The client's side of the connection stays open.
  client.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x0f, 0xa0) });
  client.send("late");
  assert.deepEqual(await hears(recorder, 1), [{ code: 4000, isClean: true }]);
  assert.equal((await client.closed).code, 4000);
  recorder.socket.terminate();
  recorder.socket.close(1000, "");
  recorder.socket.send("nobody hears it");
  assert.equal(recorder.told.length, 1);
});

Deno.test("a socket of engine ws that broke did not end cleanly", async () => {
  await using place = await serve();
  const { client, recorder } = await place.connect();
  client.destroy();
  assert.deepEqual(await hears(recorder, 1), [{ code: 1006, isClean: false }]);
  await client.closed;
});

Deno.test("engine ws closes after a breach of the protocol and says so at once", async () => {
  await using place = await serve();
  const { client, recorder } = await place.connect();
  client.sendFrame({ opcode: Opcode.text, payload: Uint8Array.of(0xff) });
  assert.deepEqual(await hears(recorder, 1), [{ code: 1007, isClean: true }]);
  assert.equal((await client.closed).code, 1007);
});

Deno.test("engine ws counts fragments, and leaves the last word to the listener", async () => {
  await using place = await serve({ maxMessageBytes: 100 });
  const { client, recorder } = await place.connect();
  const received: string[] = [];
  client.onText = (text) => received.push(text);
  for (let index = 0; index < 11; index++) {
    const opcode = index === 0 ? Opcode.text : Opcode.continuation;
    client.sendFrame({ opcode, payload: "x".repeat(10), isFinal: false });
  }
  client.send("not read any more");
  assert.deepEqual(await hears(recorder, 1), ["too large"]);
  assert.ok(recorder.socket.isOpen);
  recorder.socket.send("why");
  recorder.socket.close(1009, "too large");
  assert.deepEqual(await client.closed, { code: 1009, reason: "too large" });
  assert.deepEqual(received, ["why"]);
  const end = { code: 1006, isClean: false };
  assert.deepEqual(await hears(recorder, 2), ["too large", end]);
});

Deno.test("engine ws terminates a socket whose client reads nothing", async () => {
  await using place = await serve();
  const { client, recorder } = await place.connect();
  client.pause();
  const text = "x".repeat(1_000_000);
  await until(() => {
    recorder.socket.send(text);
    return recorder.socket.bufferedBytes > 2_000_000;
  }, { what: "a backlog" });
  recorder.socket.terminate();
  assert.deepEqual(await hears(recorder, 1), [{ code: 1006, isClean: false }]);
  assert.ok(!recorder.socket.isOpen);
  client.destroy();
  await client.closed;
});

Deno.test("engine ws tells of a peer that answers no ping, and of no other", async () => {
  await using place = await serve({ heartbeatIntervalMs: 200 });
  const lively = await place.connect();
  const silent = await place.connect();
  silent.client.answersPings = false;
  const startedAtMs = performance.now();
  assert.deepEqual(await hears(silent.recorder, 1), ["silence"]);
  assert.ok(performance.now() - startedAtMs >= 200);
  assert.deepEqual(lively.recorder.told, []);
  for (const { client } of [lively, silent]) {
    client.close();
    await client.closed;
  }
});

Deno.test("engine ws bears some pings, and ends a flood of them", async () => {
  await using place = await serve();
  const { client, recorder } = await place.connect();
  for (let index = 0; index < 50; index++) client.sendFrame({ opcode: Opcode.ping });
  client.send("still there");
  assert.deepEqual(await hears(recorder, 1), ["still there"]);
  for (let index = 0; index < 700; index++) client.sendFrame({ opcode: Opcode.pong });
  assert.deepEqual((await hears(recorder, 2))[1], { code: 1008, isClean: true });
  assert.equal((await client.closed).code, 1008);
});

/** A peer by hand. */
class ManualPeer implements WatchedPeer {
  hasSpoken = false;
  bufferedBytes = 0;
  pings = 0;
  isSilent = false;

  ping(): void {
    this.pings++;
  }

  onSilence(): void {
    assert.ok(!this.isSilent);
    this.isSilent = true;
  }
}

Deno.test("PeerWatch pings within one interval and drops within two", () => {
  for (const spokeAt of [1, 50, 99, 100]) {
    const watch = new PeerWatch(800);
    const peer = new ManualPeer();
    watch.add(peer, 0);
    const happened: [what: string, afterMs: number][] = [];
    for (let now = 100; now < 3000; now += 100) {
      if (now === 100) peer.hasSpoken = true;
      const { pings, isSilent } = peer;
      watch.sweep(now);
      if (peer.pings > pings) happened.push(["ping", now - spokeAt]);
      if (peer.isSilent && !isSilent) happened.push(["drop", now - spokeAt]);
    }
    assert.deepEqual(happened.map(([what]) => what), ["ping", "drop"]);
    const [pinged = 0, dropped = 0] = happened.map(([, afterMs]) => afterMs);
    assert.ok(pinged >= 500 && pinged <= 800, `Pinged after ${pinged} ms`);
    assert.ok(dropped >= 1200 && dropped <= 1600, `Dropped after ${dropped} ms`);
    watch.remove(peer);
  }
});

Deno.test("PeerWatch keeps who answers, and does not judge who has a backlog", () => {
  const watch = new PeerWatch(800);
  const answering = new ManualPeer();
  const behind = new ManualPeer();
  behind.bufferedBytes = 1;
  watch.add(answering, 0);
  watch.add(behind, 0);
  for (let now = 100; now < 8000; now += 100) {
    const { pings } = answering;
    watch.sweep(now);
    if (answering.pings > pings) answering.hasSpoken = true;
  }
  assert.ok(answering.pings >= 8 && !answering.isSilent);
  assert.deepEqual([behind.pings, behind.isSilent], [0, false]);
  behind.bufferedBytes = 0;
  for (let now = 8000; now < 9600; now += 100) watch.sweep(now);
  assert.deepEqual([behind.pings, behind.isSilent], [1, true]);
  watch.remove(answering);
  watch.remove(behind);
});

function fail(): never {
  throw new Error("Must not be called");
}
