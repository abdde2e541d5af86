/** The terminal client as a process of its own, against a real gateway. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { until } from "../../support/wait.ts";
import { startGateway } from "../support/gateway_server.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

Deno.test("the task calls methods line by line and prints JSON lines for scripts", async () => {
  await using gateway = await startGateway();
  const { code, lines } = await runTask(
    ["--url", gateway.url, "--user", "joe", "--json"],
    'player.updateStatus {"status":"away"}\n\npresence.get {"user_ids":["joe"]}\n',
  );
  const results = lines.filter(({ type }) => type === "result");
  assert.deepEqual(results.map(({ line, method }) => [line, method]), [
    [1, "player.updateStatus"],
    [3, "presence.get"],
  ]);
  assert.equal(results[1]?.result.presences[0].status, "away");
  assert.deepEqual(lines.filter(({ type }) => type === "state").map(({ state }) => state), [
    "connecting",
    "connected",
    "closed",
  ]);
  assert.equal(code, 0);
});

Deno.test("a call that fails makes the exit status 1", async () => {
  await using gateway = await startGateway();
  const { code, lines } = await runTask(
    ["--url", gateway.url, "--json"],
    "no.such\npresence.list [1]\nquit\npresence.list\n",
  );
  assert.deepEqual(
    lines.filter(({ type }) => type === "error").map(({ line, error }) => [line, error.code])
      .sort(),
    [[1, -32601], [2, "usage"]],
  );
  assert.equal(lines.some(({ type }) => type === "result"), false);
  assert.equal(code, 1);
});

Deno.test("no gateway, a refused token and a wrong command line make the exit status 2", async () => {
  await using gateway = await startGateway();
  const refused = await runTask(["--url", gateway.url, "--token", "a.b.c"], "presence.list\n");
  assert.equal(refused.code, 2);
  assert.match(refused.output, /Your sign-in was not accepted/);
  await gateway.stop();
  const absent = await runTask(["--url", gateway.url], "presence.list\n");
  assert.equal(absent.code, 2);
  assert.match(absent.errors, /cannot be reached/);
  const wrong = await runTask(["--urk", gateway.url], "");
  assert.equal(wrong.code, 2);
  assert.match(wrong.errors, /--urk[^]*deno task client \[--url URL\]/);
});

Deno.test("text for people has results, notifications and errors", async () => {
  await using gateway = await startGateway();
  const token = await gateway.token({ sub: "joe", scope: "admin" });
  const { code, output, errors } = await runTask(
    ["--url", gateway.socketUrl, "--token", token],
    'system.announce {"message":"Hello all"}\nhelp\nplayer.sendEvent {}\n',
  );
  assert.match(output, /^Connected to node-\w+ \(local\) as joe, ws_/);
  assert.match(output, /← system.announcement \{[^]*message: "Hello all"/);
  assert.match(output, /^presence.list +Online users/m);
  assert.match(output, /^player.sendEvent: Invalid params \(-32602\)/m);
  assert.ok(!output.includes("\x1b") && !output.includes("system.welcome"), output);
  assert.equal(errors, "");
  assert.equal(code, 1);
});

Deno.test("--watch shows notifications until it is interrupted", async () => {
  await using gateway = await startGateway();
  const { child, said, reading } = await watchAsJoe(gateway.url);
  await runTask(
    ["--url", gateway.url, "--user", "ann"],
    'player.sendEvent {"to":{"user_id":"joe"},"type":"hello"}\n',
  );
  await until(() => /"player.event".*"hello"/.test(said()), { what: "the event" });
  child.kill("SIGINT");
  assert.equal((await child.status).code, 0);
  await reading;
});

Deno.test("--watch ends with exit status 2 when the connection ends for good", async () => {
  await using gateway = await startGateway();
  const { child, said, reading } = await watchAsJoe(gateway.url);
  await runTask(
    ["--url", gateway.url, "--user", "ann", "--scope", "admin"],
    'system.kick {"user_id":"joe"}\n',
  );
  assert.equal((await child.status).code, 2);
  await reading;
  assert.match(said(), /"state":"closed".*"kicked"/);
});

Deno.test("a reader that goes early is no error", async () => {
  await using gateway = await startGateway();
  const [command = "", ...args] = await taskCommand();
  const child = new Deno.Command(command, {
    args: [...args, "--url", gateway.url, "--json"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("presence.list\n".repeat(20)));
  const { code } = await child.status;
  await writer.close().catch(() => {});
  assert.equal(await new Response(child.stderr).text(), "");
  assert.equal(code, 0);
});

/** What of the output's lines is looked at. */
interface OutputLine {
  readonly type: string;
  readonly line: number;
  readonly method: string;
  readonly state: string;
  readonly result: { readonly presences: readonly [{ readonly status: string }] };
  readonly error: { readonly code: number | string };
}

async function runTask(args: readonly string[], input: string) {
  const [command = "", ...fixed] = await taskCommand();
  const child = new Deno.Command(command, {
    args: [...fixed, ...args],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const writer = child.stdin.getWriter();
  // A client that ends at once does not read its input.
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const output = new TextDecoder().decode(stdout);
  const errors = new TextDecoder().decode(stderr).replace(/^Check .*\n/gm, "");
  const texts = output.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
  const lines = args.includes("--json") ? texts.map((line): OutputLine => JSON.parse(line)) : [];
  return { code, output, errors, lines };
}

/** What `deno task client` runs, with its permissions, so that a signal reaches it directly. */
async function taskCommand(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
  const [, ...args] = (tasks.client as string).split(" ");
  return [Deno.execPath(), ...args];
}

/** Starts the client as joe, watching, and waits until it is connected. */
async function watchAsJoe(url: string) {
  const [command = "", ...args] = await taskCommand();
  const child = new Deno.Command(command, {
    args: [...args, "--url", url, "--user", "joe", "--json", "--watch"],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let output = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) output += text;
  })();
  await until(() => output.includes('"connected"'), { what: "joe to connect", timeoutMs: 15_000 });
  return { child, said: () => output, reading };
}
