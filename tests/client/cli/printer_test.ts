import assert from "node:assert/strict";
import { RpcError } from "../../../src/client/client.ts";
import { prettyPrinter, type Printer } from "../../../src/client/cli/printer.ts";

/** Clears the screen, and turns the rest of the line around. */
const TRICK = "\x1b[2J\u202E\u2029";
const SHOWN = "\\u001b[2J\\u202e\\u2029";

Deno.test("prettyPrinter() lets nobody write to the terminal but in words", () => {
  const lines: string[] = [];
  const printer: Printer = prettyPrinter((line) => lines.push(line), false);
  const reason = {
    code: "kicked",
    message: `Kicked: ${TRICK}`,
    detail: TRICK,
    attempt: 1,
  } as const;
  printer.state("closed", reason);
  printer.notification(`shop${TRICK}`, { text: TRICK });
  printer.failure({ line: null, method: "shop.buy" }, new RpcError(-1, { a: TRICK }, TRICK));
  assert.deepEqual(lines, [
    `closed: Kicked: ${SHOWN} (${SHOWN})`,
    `← shop${SHOWN} { text: "\\x1b[2J\\u202e\\u2029" }`,
    `shop.buy: ${SHOWN} (-1) { a: "\\x1b[2J\\u202e\\u2029" }`,
  ]);
});

Deno.test("prettyPrinter() keeps lines and colours of its own", () => {
  const lines: string[] = [];
  prettyPrinter((line) => lines.push(line), true).notification("a.b", { text: "x".repeat(90) });
  assert.ok(lines.join().startsWith('\x1b[36m← a.b\x1b[0m {\n  text: \x1b[32m"xxx'), lines.join());
});
