import { fileURLToPath } from "node:url";

/** Builds the lobby into dist/lobby/, as `deno task lobby-build` does, for a gateway to serve. */
export async function buildLobby(): Promise<void> {
  const { stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "lobby-build"],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
