/** The README's example, in a folder of its own outside the project. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { signToken } from "../../src/development_tokens.ts";
import { sharedBackends } from "../support/backends.ts";
import { connect } from "../support/game_client.ts";
import { onFreePort } from "../support/servers/free_port.ts";
import { ServerProcess } from "../support/servers/server_process.ts";
import { ROOT } from "./markdown.ts";

const SOURCES = join(ROOT, "docs/examples/quick_start");

/** A studio's folder with the example in it, linked to this project. */
async function gameFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "game_" });
  for (const name of ["game.ts", "client.ts"]) {
    await Deno.copyFile(join(SOURCES, name), join(folder, name));
  }
  const config = JSON.parse(await Deno.readTextFile(join(SOURCES, "deno.json")));
  await Deno.writeTextFile(
    join(folder, "deno.json"),
    JSON.stringify({ ...config, links: [ROOT] }),
  );
  return folder;
}

/** What the README's command gives the game between `deno run` and `game.ts`. */
async function readmeFlags(): Promise<string[]> {
  const readme = await Deno.readTextFile(join(ROOT, "README.md"));
  const [, flags] = /^HOST=127\.0\.0\.1 deno run (.*) game\.ts --dev$/m.exec(readme) ?? [];
  assert.ok(flags, "The README's command was not found");
  return flags.split(" ");
}

/** Runs it with the permissions that the README gives it. */
async function startGame(
  directory: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const flags = (await readmeFlags()).map((flag) => flag.replace("../waygate/", ROOT));
  return await onFreePort((port) =>
    ServerProcess.start({
      name: "game",
      url: `http://127.0.0.1:${port}`,
      port,
      directory,
      command: Deno.execPath(),
      args: ["run", ...flags, join(directory, "game.ts"), ...args],
      env: { HOST: "127.0.0.1", PORT: `${port}`, ...env },
      answers: async () => {
        const response = await fetch(`http://127.0.0.1:${port}/healthz`);
        await response.body?.cancel();
        return response.ok;
      },
    })
  );
}

Deno.test("the README's command asks no permission of a terminal, and lacks none", async () => {
  const { permissions } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const { sys } = permissions.gateway;
  assert.deepEqual((await readmeFlags()).toSorted(), [
    "--allow-env",
    "--allow-net",
    "--allow-read=../waygate/dist",
    `--allow-sys=${sys.join()}`,
    "--no-prompt",
  ]);
});

Deno.test("the README's client calls the README's own method", async () => {
  const folder = await gameFolder();
  await using game = await startGame(folder, ["--dev"]);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--check", "--no-prompt", "-A", join(folder, "client.ts"), game.url, "ann"],
  }).output();
  const [said, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(success, complained);
  assert.match(said ?? "", /^In the lobby: \[ "ann" \]\nRolled: [1-6]\nHeard: \{/);
  assert.match(said ?? "", /type: "note"/);

  const { methods } = await (await fetch(`${game.url}/openrpc.json`)).json();
  assert.ok(methods.some(({ name }: { name: string }) => name === "dice.roll"));
});

Deno.test("the README's game runs in production on what the environment names, and drains", async () => {
  const { restUrl, restToken, natsUrl } = await sharedBackends();
  const secret = "a secret of the quick start's test, long enough";
  await using game = await startGame(await gameFolder(), [], {
    JWT_SECRET: secret,
    UPSTASH_REDIS_REST_URL: restUrl,
    UPSTASH_REDIS_REST_TOKEN: restToken,
    NATS_URL: natsUrl,
    NATS_PREFIX: `game${crypto.randomUUID().slice(0, 8)}`,
    WEBSOCKET_ENGINE: "ws",
  });
  const token = await signToken({ sub: "ann", ttl_s: 60 }, {
    secret,
    issuer: undefined,
    audience: undefined,
  });
  const player = await connect(`${game.url.replace("http", "ws")}/ws`, { token });
  const { value } = await player.call("dice.roll", { sides: 6 }) as { value: number };
  assert.ok(value >= 1 && value <= 6);
  assert.deepEqual(await (await fetch(`${game.url}/readyz`)).json(), { status: "ready" });

  assert.equal(await game.stop(), 0);
  assert.equal((await player.closed).code, 1012);
});

Deno.test("the README's game says which variable production lacks", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", join(await gameFolder(), "game.ts")],
  }).output();
  assert.match(new TextDecoder().decode(stderr), /JWT_SECRET.*Set exactly one of them/);
  assert.equal(code, 1);
});
