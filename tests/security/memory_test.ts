import assert from "node:assert/strict";
import { connect } from "../support/game_client.ts";
import { encodeFrame, Opcode } from "../support/web_socket_frames.ts";
import { isLong, startGuarded } from "./engines.ts";
import { openMute } from "./mute_client.ts";

/** More than a node bears, in bytes; it need not come to that. */
const FILL_BYTES = 4 * 2 ** 30;

// It takes more than 1 GiB of memory for a while: too much beside other tests.
if (isLong) {
  Deno.test("engine deno sees all off, and says why, when its memory is being filled", async () => {
    await using gateway = await startGuarded("deno", {});
    const friend = await connect(gateway.wsUrl, { token: await gateway.token("friend") });
    const { connection } = await openMute(gateway.port, await gateway.token("eve"));
    const payload = new Uint8Array(1_048_576).fill(0x20);
    const fragment = encodeFrame({ opcode: Opcode.continuation, payload, isFinal: false });
    await connection.write(encodeFrame({ opcode: Opcode.text, payload: "x", isFinal: false }));
    for (let sent = 0; sent < FILL_BYTES && gateway.running; sent += fragment.length) {
      for (let rest = fragment; rest.length > 0;) {
        const length = await connection.write(rest).catch(() => rest.length);
        rest = rest.subarray(length);
      }
    }
    await friend.next("system.shutdown", { timeoutMs: 20_000 });
    assert.equal((await friend.closed).code, 1012);
    assert.equal(await gateway.ended, 2);
    connection.close();
    const why = (await gateway.logLines()).find(({ level }) => level === "error");
    assert.match(String(why?.["message"]), /fill the memory/);
    assert.ok(Number(why?.["native_bytes"]) > 2 ** 30);
  });
}
