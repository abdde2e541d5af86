import assert from "node:assert/strict";
import { NatsTransport } from "../../src/bus/nats_transport.ts";
import { startNats } from "../support/servers/nats_server.ts";
import { until } from "../support/wait.ts";

Deno.test("connect() fails where nobody listens, and where something else than NATS answers", async () => {
  const answers = {
    "HTTP/1.1 400 Bad Request\r\n": /not a NATS server/,
    "": /closed the connection/,
  };
  for (const [greeting, reason] of Object.entries(answers)) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const served = listener.accept().then(async (socket) => {
      await socket.write(new TextEncoder().encode(greeting));
      socket.close();
    });
    await assert.rejects(dial(new NatsTransport(), listener.addr), reason);
    await served;
    listener.close();
    await assert.rejects(dial(new NatsTransport(), listener.addr), /refused/);
  }
});

Deno.test("connect() ends when the client no longer waits for it", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const transport = new NatsTransport();
  const connecting = assert.rejects(dial(transport, listener.addr));
  using socket = await listener.accept();
  await transport.close(new Error("it took too long"));
  await connecting;
  assert.equal(await socket.read(new Uint8Array(1)), null);
});

Deno.test("what is sent while a write is under way follows in order", async () => {
  await using server = await startNats({ jetstream: false });
  const transport = new NatsTransport();
  await dial(transport, { hostname: "127.0.0.1", port: server.port });
  let received = "";
  const reading = (async () => {
    for await (const chunk of transport) received += new TextDecoder().decode(chunk);
  })();

  const send = (text: string) => transport.send(new TextEncoder().encode(text));
  send(`CONNECT {"verbose":false}\r\nSUB s 1\r\n`);
  for (let i = 0; i < 500; i++) send(`PUB s 3\r\n${String(i).padStart(3, "0")}\r\n`);
  send("PING\r\n");
  await until(() => received.includes("PONG"), { what: "the answer to the ping" });

  const numbers = [...received.matchAll(/MSG s 1 3\r\n(\d+)\r\n/g)].map(([, n]) => Number(n));
  assert.deepEqual(numbers, Array.from({ length: 500 }, (_, i) => i));
  transport.disconnect();
  await reading;
  assert.equal(await transport.closed(), undefined);
  transport.send(new Uint8Array(1));
});

Deno.test("closed() tells the end that came from the other side", async () => {
  await using server = await startNats({ jetstream: false });
  const transport = new NatsTransport();
  await dial(transport, { hostname: "127.0.0.1", port: server.port });
  const chunks = Array.fromAsync(transport);
  await server.kill();
  await transport.closed();
  assert.equal(transport.isClosed, true);
  assert.equal((await chunks).length, 1);
});

Deno.test("a reader that gives up ends the connection", async () => {
  await using server = await startNats({ jetstream: false });
  const transport = new NatsTransport();
  await dial(transport, { hostname: "127.0.0.1", port: server.port });
  for await (const _ of transport) break;
  await transport.closed();
});

function dial(
  transport: NatsTransport,
  { hostname, port }: { readonly hostname: string; readonly port: number },
): Promise<void> {
  const server = { hostname, port, listen: "", src: "", tlsName: "", reconnects: 0 };
  return transport.connect({ ...server, lastConnect: 0, gossiped: false, didConnect: false }, {});
}
