import { basename } from "node:path";

/** A file with more of a server's configuration, beside the server's own folder. */
export async function configurationFile(
  text: string,
): Promise<{ readonly include: string; write(text: string): Promise<void> } & AsyncDisposable> {
  const directory = await Deno.makeTempDir();
  const write = (text: string) => Deno.writeTextFile(`${directory}/login.conf`, text);
  await write(text);
  return {
    // nats-server takes every such path from its own configuration's folder.
    include: `include "../${basename(directory)}/login.conf"`,
    write,
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}
