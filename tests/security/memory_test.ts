import assert from "node:assert/strict";
import { connect } from "../support/game_client.ts";
import { encodeFrame, Opcode } from "../support/web_socket_frames.ts";
import { isLong, startGuarded } from "./engines.ts";
import { openMute } from "./mute_client.ts";
import { watched } from "./watched.ts";

/** More than any node bears, in bytes; it does not come to that. */
const FILL_BYTES = 4 * 2 ** 30;
const PART_BYTES = 2 ** 20;

// It takes more than 1 GiB of memory for a while: too much beside other tests.
if (isLong) {
  Deno.test("engine deno sees all off, and says why, when its memory is being filled", async () => {
    await using gateway = await startGuarded("deno", { PRESENCE_GRACE_MS: "50" });
    const friend = await connect(gateway.wsUrl, { token: await gateway.token("friend") });
    await watched("filling", "deno", gateway, async () => {
      const { connection, status } = await openMute(gateway.port, await gateway.token("eve"));
      assert.equal(status, 101);
      const taken = await fill(connection);
      connection.close();
      assert.ok(taken < FILL_BYTES, "The node took all of it");
      await friend.next("system.shutdown", { timeoutMs: 20_000 });
      assert.deepEqual(await friend.closed, { code: 1012, reason: "restart" });
      assert.equal(await gateway.ended, 2);
      return `drained with 1012 after ${(taken / 1e6).toFixed(0)} MB, exit status 2`;
    }, { isFatal: true, p99LimitMs: 3000 });
    const lines = (await gateway.logLines()).filter(({ level }) => level === "error");
    assert.deepEqual(lines.map(({ message }) => message), [
      "draining: clients fill the memory with messages that never end",
    ]);
    assert.ok(Number(lines[0]?.["native_bytes"]) > Number(lines[0]?.["allowed_bytes"]));
    assert.ok(Number(lines[0]?.["allowed_bytes"]) >= 2 ** 30 / 2);
  });
}

/** Sends fragments until nobody takes them any more; gives how many bytes were taken. */
async function fill(connection: Deno.TcpConn): Promise<number> {
  const payload = new Uint8Array(PART_BYTES).fill(0x20);
  const fragment = encodeFrame({ opcode: Opcode.continuation, payload, isFinal: false });
  await connection.write(encodeFrame({ opcode: Opcode.text, payload: "x", isFinal: false }));
  let taken = 0;
  try {
    while (taken < FILL_BYTES) {
      for (let rest = fragment; rest.length > 0;) {
        const length = await connection.write(rest);
        rest = rest.subarray(length);
        taken += length;
      }
    }
  } catch {
    // The node has ended.
  }
  return taken;
}
