import assert from "node:assert/strict";
import { RpcError } from "../../src/protocol/errors.ts";
import { connect, HandshakeError, open } from "../support/game_client.ts";
import { startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";

Deno.test("a gateway logs connections with session and code, and nothing that players say", async () => {
  await using gateway = await startGateway({ env: { LOG_LEVEL: "debug" }, region: "eu" });
  const token = await gateway.token("ann", { name: "Name-of-Ann" });
  const player = await connect(gateway.wsUrl, { token, via: "query" });
  const { sessionId } = player;
  await player.call("system.ping", { note: "words-of-ann" });
  await player.call("player.updateLocation", { location: "place-of-ann" });
  const forged = 'x"}\n{"level":"fatal","message":"forged"}';
  await assert.rejects(player.call(forged, { note: forged }), RpcError);
  await assert.rejects(open(gateway.wsUrl, { token: `${token}x`, via: "query" }), HandshakeError);
  await player.close(1000);

  const lines = await until(async () => {
    const written = await gateway.logLines();
    return written.some(({ message }) => message === "Connection closed") && written;
  }, { what: "the line of the end" });
  const of = (message: string) => lines.filter((line) => line["message"] === message);
  assert.deepEqual(of("Connection opened").map(({ session }) => session), [sessionId]);
  assert.deepEqual(of("Connection closed").map(({ session, code }) => [session, code]), [
    [sessionId, 1000],
  ]);
  for (const line of lines) {
    assert.deepEqual(Object.keys(line).slice(0, 5), ["time", "level", "message", "node", "region"]);
    assert.match(String(line["time"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual([line["node"], line["region"]], [gateway.nodeId, "eu"]);
  }
  const output = await gateway.output();
  for (const secret of [token, "words-of-ann", "place-of-ann", "forged", "Name-of-Ann"]) {
    assert.ok(!output.includes(secret), `${secret} is in the log`);
  }
});
