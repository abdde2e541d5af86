import assert from "node:assert/strict";
import { connect, HandshakeError, open } from "../support/game_client.ts";
import { ANY_ENGINE, startGuarded } from "./engines.ts";
import { watched } from "./watched.ts";

const SECRET = "a-secret-that-no-log-line-may-show-to-anyone";
/** What a line of its own, or a command for a terminal, would begin with. */
const MARK = 'MARK\n{"level":"info","message":"forged"}\r\u001b[2J';

for (const engine of ANY_ENGINE) {
  Deno.test(`the log is whole lines of JSON, without tokens, secrets or payloads, engine ${engine}`, async () => {
    await using gateway = await startGuarded(engine, {
      LOG_LEVEL: "debug",
      JWT_SECRET: SECRET,
      RATE_LIMIT_MESSAGES: "0",
    });
    const token = await gateway.token(`eve${MARK}`, { name: MARK, scope: "admin" });
    await watched("logs", engine, gateway, async () => {
      const client = await connect(gateway.wsUrl, {
        token,
        headers: { "User-Agent": "MARK", Origin: null },
      });
      await client.call("system.ping", { mark: MARK });
      await client.call("player.sendEvent", { to: { user_id: MARK }, type: "t", payload: MARK });
      await assert.rejects(client.call(MARK, { mark: MARK }));
      await assert.rejects(client.call("player.updateStatus", { status: MARK }));
      await client.call("system.announce", { message: MARK });
      client.sendRaw(MARK);
      for (const bad of ["MARK", `${token}MARK`, "a.b.c", ""]) {
        await assert.rejects(open(gateway.wsUrl, { token: bad }), HandshakeError);
      }
      // The reply to a kick of one's own may not get through any more.
      await client.call("system.kick", { user_id: `eve${MARK}`, reason: MARK }).catch(() => {});
      assert.equal((await client.closed).code, 4403);
      return "whole lines, none forged";
    });
    await gateway.stop();
    const output = await gateway.output();
    const lines = output.split("\n").filter((line) => line.startsWith("{"));
    const messages = lines.map((line): Record<string, unknown> => JSON.parse(line));
    for (const { level, message } of messages) {
      assert.ok(["debug", "info", "warning", "error"].includes(String(level)));
      assert.notEqual(message, "forged");
    }
    // At `debug` the connection had its lines: there was something to look at.
    for (const wanted of ["Connection opened", "Connection closed"]) {
      assert.ok(messages.some(({ message }) => message === wanted), `No line says ${wanted}`);
    }
    for (const hidden of [token, token.split(".")[2] ?? "", SECRET, "MARK", "forged"]) {
      assert.ok(!output.includes(hidden), `The log shows ${hidden}`);
    }
    // Other lines are the runtime's, which may be in colour.
    assert.ok(!lines.join("\n").includes("\u001b"));
  });
}
