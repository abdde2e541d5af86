/** What a client of the loader counts when a server does wrong: against a server that does. */
import assert from "node:assert/strict";
import { until } from "../support/wait.ts";
import { LoadClient } from "./load_client.ts";
import { nowMs, Recorder } from "./recorder.ts";

const WELCOME = `{"jsonrpc":"2.0","method":"system.welcome","params":{}}`;

/** Serves one client with whatever `answer` makes of its messages. */
async function against(
  answer: (id: number) => readonly string[],
  calls: number,
): Promise<{ recorder: Recorder; client: LoadClient }> {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "waygate.v1" });
    socket.onopen = () => socket.send(WELCOME);
    socket.onmessage = ({ data }) =>
      answer(JSON.parse(data).id).forEach((text) => socket.send(text));
    return response;
  });
  const recorder = new Recorder();
  const client = new LoadClient({
    index: 0,
    userId: "ann",
    url: `ws://127.0.0.1:${server.addr.port}/ws`,
    token: "t",
    isBatching: false,
    recorder,
    listener: { onNotification() {} },
  });
  await client.open(nowMs());
  for (let call = 0; call < calls; call++) client.call("ping", "system.ping", "{}", nowMs(), {});
  // The server answers in order: after this one, all that it had to say is there.
  await until(() => recorder.received > calls, { what: "the answers" });
  await client.leave();
  return { recorder, client };
}

function result(id: number): string {
  return `{"jsonrpc":"2.0","id":${id},"result":{}}`;
}

Deno.test("a client finds nothing wrong with answers that come in order", async () => {
  const { recorder, client } = await against((id) => [result(id)], 3);
  const { doubled, misordered, wrong, histograms } = recorder.take();
  assert.deepEqual({ doubled, misordered, wrong }, { doubled: 0, misordered: 0, wrong: 0 });
  assert.deepEqual(histograms.ping?.counts.reduce((sum, count) => sum + count), 3);
  assert.equal(client.outstanding, 0);
});

Deno.test("a client counts an answer that comes again", async () => {
  const { recorder } = await against((id) => [result(id), result(id)], 2);
  assert.equal(recorder.take().doubled, 2);
});

Deno.test("a client counts answers that come in another order", async () => {
  const { recorder } = await against((id) => id === 1 ? [] : [result(2), result(1)], 2);
  assert.equal(recorder.take().misordered, 1);
});

Deno.test("a client counts errors by their code", async () => {
  const error = (id: number) => `{"jsonrpc":"2.0","id":${id},"error":{"code":-32003}}`;
  const { recorder } = await against((id) => [error(id)], 2);
  assert.deepEqual(recorder.take().errors, { "-32003": 2 });
});

Deno.test("a client shows what it cannot make sense of", async () => {
  const { recorder } = await against((id) => [result(id), `{"jsonrpc":"2.0","id":"x"}`], 1);
  const { wrong, examples } = recorder.take();
  assert.equal(wrong, 1);
  assert.match(examples[0] ?? "", /no request of ours/);
});
