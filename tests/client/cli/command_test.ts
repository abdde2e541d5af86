import assert from "node:assert/strict";
import { complete, readCommand } from "../../../src/client/cli/command.ts";
import { readOptions, UsageError } from "../../../src/client/cli/options.ts";

Deno.test("readCommand() takes a method and its params", () => {
  assert.deepEqual(readCommand("presence.list"), {
    kind: "call",
    method: "presence.list",
    params: undefined,
  });
  assert.deepEqual(readCommand('  a.b  {"c": [1, 2]} '), {
    kind: "call",
    method: "a.b",
    params: { c: [1, 2] },
  });
  for (const line of ["", "   ", "# a comment"]) {
    assert.deepEqual(readCommand(line), { kind: "nothing" });
  }
  assert.deepEqual(readCommand("help"), { kind: "help" });
  assert.deepEqual(readCommand(" exit "), { kind: "quit" });
});

Deno.test("readCommand() says what is wrong with params", () => {
  for (const params of ["[1]", "1", "null"]) {
    const command = readCommand(`a.b ${params}`);
    assert.deepEqual(command, {
      kind: "wrong",
      message: 'Params must be a JSON object, as in a.b {"name": 1}',
    });
  }
  const command = readCommand("a.b {");
  assert.match(command.kind === "wrong" ? command.message : "", /^Params are not JSON: /);
});

Deno.test("complete() completes the method, and leaves params alone", () => {
  const methods = ["presence.get", "presence.list", "player.sendEvent"];
  assert.deepEqual(complete("pres", methods), [["presence.get ", "presence.list "], "pres"]);
  assert.deepEqual(complete("h", methods), [["help "], "h"]);
  assert.deepEqual(complete("presence.get {", methods), [[], "presence.get {"]);
});

Deno.test("readOptions() reads the address as people write it", () => {
  const address = (url: string): string => {
    const options = readOptions(["--url", url], undefined);
    return options === "help" ? "" : options.url.href;
  };
  assert.equal(address("http://localhost:8090"), "ws://localhost:8090/ws");
  assert.equal(address("https://game.example/eu/ws"), "wss://game.example/eu/ws");
  assert.throws(() => address("localhost"), UsageError);
  assert.throws(() => address("ftp://x"), /--url ftp:\/\/x is not an address/);
});

Deno.test("readOptions() prefers --token to WAYGATE_TOKEN, and makes a user up", () => {
  const options = readOptions(["--token", "a"], "b");
  assert.ok(options !== "help");
  assert.equal(options.token, "a");
  assert.match(options.user, /^terminal-[0-9a-f]{8}$/);
  const other = readOptions([], "b");
  assert.equal(other !== "help" && other.token, "b");
  assert.equal(readOptions(["-h"], undefined), "help");
});
