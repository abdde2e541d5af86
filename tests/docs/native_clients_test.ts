/** The example clients in other languages, each as a process of its own against a real gateway. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { defineMethod, ErrorCode, RpcError } from "../../src/gateway.ts";
import { type LocalGateway, serveGateway } from "../gateway/local_gateway.ts";
import { ServerProcess } from "../support/servers/server_process.ts";
import { until } from "../support/wait.ts";
import { requirePackages } from "./debian_packages.ts";
import { ROOT } from "./markdown.ts";

const EXAMPLES = join(ROOT, "docs/examples");

await requirePackages({
  "gcc": "/usr/bin/gcc",
  "libc6-dev": "/usr/include/stdio.h",
  "libwebsockets-dev": "/usr/include/libwebsockets.h",
  "python3-websockets": "/usr/lib/python3/dist-packages/websockets",
});

interface Language {
  readonly name: string;
  /** Gives the program and what comes before its own arguments. */
  prepare(folder: string): Promise<readonly string[]>;
  arguments(gateway: LocalGateway, token: string): readonly string[];
}

const LANGUAGES: readonly Language[] = [
  {
    name: "Python",
    prepare: () => Promise.resolve(["/usr/bin/python3", `${EXAMPLES}/python/waygate_client.py`]),
    arguments: (gateway, token) => [gateway.wsUrl, token],
  },
  {
    name: "C",
    prepare: compile,
    arguments: (gateway, token) => {
      const { hostname, port } = new URL(gateway.url);
      return [hostname, port, token];
    },
  },
];

async function compile(folder: string): Promise<readonly string[]> {
  const program = join(folder, "waygate_client");
  const flags = ["-Wall", "-Wextra", "-Werror", "-o", program];
  const source = `${EXAMPLES}/c/waygate_client.c`;
  const { success, stderr } = await new Deno.Command("/usr/bin/gcc", {
    args: [...flags, source, "-lwebsockets"],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return [program];
}

/** Starts the client of a player, and waits until it has been welcomed. */
async function startClient(language: Language, gateway: LocalGateway, sub: string) {
  const directory = await Deno.makeTempDir({ prefix: "client_" });
  const [command = "", ...args] = await language.prepare(directory);
  return await ServerProcess.start({
    name: `${language.name} client`,
    url: gateway.url,
    port: 0,
    directory,
    command,
    args: [...args, ...language.arguments(gateway, await gateway.token(sub))],
    answers: async () => {
      const output = await Deno.readTextFile(join(directory, "output.log"));
      return output.includes('"system.welcome"');
    },
  });
}

async function untilSays(client: ServerProcess, what: RegExp): Promise<void> {
  await until(async () => {
    assert.match(await client.output(), what);
    return true;
  }, { what: `the client to say ${what}`, timeoutMs: 15_000 });
}

for (const language of LANGUAGES) {
  Deno.test(`the ${language.name} client connects, calls, and hears of an event`, async () => {
    await using gateway = await serveGateway();
    await using ann = await gateway.player("ann");
    await using client = await startClient(language, gateway, "bea");

    await ann.next("presence.updated", {
      timeoutMs: 15_000,
      where: ({ presences }) => {
        return presences.some(({ user_id, status }) => user_id === "bea" && status === "busy");
      },
    });
    await ann.call("player.sendEvent", { to: { user_id: "bea" }, type: "hello", payload: "ü" });
    await untilSays(client, /"player\.event".*"hello"/);
  });

  Deno.test(`the ${language.name} client comes back after a restart, not after a kick`, async () => {
    await using gateway = await serveGateway();
    await using moderator = await gateway.player("moderator", { scope: "admin" });
    await using client = await startClient(language, gateway, "bea");

    for (const connection of gateway.gateway.node.hub.all()) {
      if (connection.userId === "bea") connection.close(1012, "restart");
    }
    await untilSays(client, /"system\.welcome"[\s\S]*"system\.welcome"/);
    assert.deepEqual(await moderator.call("system.kick", { user_id: "bea" }), { sessions: 1 });
    await untilSays(client, /closed\W+4403/);
  });
}

Deno.test("the Python client asks again when the gateway cannot resume its session yet", async () => {
  let asked = 0;
  const resume = defineMethod({
    params: z.looseObject({}),
    result: z.looseObject({}),
    handler: () => {
      if (++asked === 1) throw new RpcError(ErrorCode.unavailable, { part: "redis" });
      return { resumed: true, replayed: 0 };
    },
  });
  const [python] = LANGUAGES;
  assert.ok(python);
  await using gateway = await serveGateway({ methods: { "session.resume": resume } });
  await using client = await startClient(python, gateway, "bea");
  await untilSays(client, /^\{"presence"/m);

  for (const connection of gateway.gateway.node.hub.all()) connection.close(1012, "restart");
  await untilSays(client, /^\{"presence"[\s\S]*^\{"presence"/m);
  assert.equal(asked, 2);
});
