/** The README's example, in a folder of its own outside the project. */
import assert from "node:assert/strict";
import { join } from "node:path";
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

function startGame(directory: string): Promise<ServerProcess> {
  return onFreePort((port) =>
    ServerProcess.start({
      name: "game",
      url: `http://127.0.0.1:${port}`,
      port,
      directory,
      command: Deno.execPath(),
      args: ["run", "--no-prompt", "-A", join(directory, "game.ts")],
      env: { PORT: `${port}` },
      answers: async () => {
        const response = await fetch(`http://127.0.0.1:${port}/healthz`);
        await response.body?.cancel();
        return response.ok;
      },
    })
  );
}

Deno.test("the README's client calls the README's own method", async () => {
  const folder = await gameFolder();
  await using game = await startGame(folder);
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
