import { fileURLToPath } from "node:url";

/** Where the servers under comparison are. */
export const SERVERS: string = fileURLToPath(new URL("servers", import.meta.url));

/** Their packages: apart from the project's own, which nobody else should have to fetch. */
export const PEERS_CONFIG = `${SERVERS}/peers.json`;

/** Where Node finds their packages. */
const NODE_DIRECTORY: string = fileURLToPath(new URL("../../../dist/peers", import.meta.url));

/** How to run a peer's server. */
export type PeerRuntime = (server: string) => {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
};

/** Peers on Deno, as the gateway itself. */
export const onDeno: PeerRuntime = (server) => ({
  command: Deno.execPath(),
  args: ["run", "-A", "--config", PEERS_CONFIG, `${SERVERS}/${server}.mjs`],
  cwd: SERVERS,
});

/**
 * Peers on Node, where they are at home; installs their packages.
 *
 * @throws {Error} when npm fails
 */
export async function onNode(): Promise<PeerRuntime> {
  await Deno.mkdir(NODE_DIRECTORY, { recursive: true });
  for await (const { name } of Deno.readDir(SERVERS)) {
    if (name.endsWith(".mjs")) {
      await Deno.copyFile(`${SERVERS}/${name}`, `${NODE_DIRECTORY}/${name}`);
    }
  }
  const { imports } = JSON.parse(await Deno.readTextFile(PEERS_CONFIG)) as {
    imports: Record<string, string>;
  };
  const dependencies = Object.fromEntries(
    Object.entries(imports).map(([name, specifier]) => [
      name,
      specifier.slice(specifier.lastIndexOf("@") + 1),
    ]),
  );
  const manifest = JSON.stringify({ private: true, type: "module", dependencies });
  await Deno.writeTextFile(`${NODE_DIRECTORY}/package.json`, manifest);
  const { success } = await new Deno.Command("npm", {
    args: ["install", "--no-audit", "--no-fund", "--loglevel=error"],
    cwd: NODE_DIRECTORY,
    stdout: "null",
  }).output();
  if (!success) throw new Error("Cannot install the peers' packages: try --runtime deno");
  return (server) => ({ command: "node", args: [`${server}.mjs`], cwd: NODE_DIRECTORY });
}
