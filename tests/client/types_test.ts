import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const CLIENT = new URL("../../src/client/client.ts", import.meta.url);
const testdata = (name: string): URL => new URL(`./testdata/${name}`, import.meta.url);

Deno.test("calls, events and a game's own methods are typed by inference", async () => {
  const { success, output } = await check(fileURLToPath(testdata("right_types.ts")));
  assert.ok(success, output);
});

Deno.test("a wrong method, wrong params and a wrong use of the result do not compile", async () => {
  const directory = await Deno.makeTempDir();
  try {
    // Kept as text, for the types of every .ts file of the project are checked.
    const source = (await Deno.readTextFile(testdata("wrong_types.txt")))
      .replace("CLIENT", CLIENT.href);
    const path = join(directory, "wrong_types.ts");
    await Deno.writeTextFile(path, source);
    const { success, output } = await check(path);
    assert.equal(success, false);
    assert.deepEqual(errorsOf(output, pathToFileURL(path).href), expectedIn(source), output);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

async function check(path: string): Promise<{ success: boolean; output: string }> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--config", CONFIG, path],
    env: { NO_COLOR: "1" },
  }).output();
  return { success, output: new TextDecoder().decode(stderr) };
}

/** `line: code` of each error in the output of `deno check`, in the order of the lines. */
function errorsOf(output: string, file: string): string[] {
  const errors: [line: number, code: string][] = [];
  // A report begins with its code and names its place later, after other files that it speaks of.
  for (const report of output.split(/^(?=TS\d+ \[ERROR\])/m)) {
    const code = /^TS\d+/.exec(report)?.[0];
    const at = report.split(`${file}:`)[1];
    if (code !== undefined && at !== undefined) errors.push([parseInt(at), code]);
  }
  return errors.sort(([a], [b]) => a - b).map(([line, code]) => `${line}: ${code}`);
}

/** The same, as the comments of the source have it. */
function expectedIn(source: string): string[] {
  return source.split("\n").flatMap((line, index) => {
    const code = /\/\/ (TS\d+)$/.exec(line)?.[1];
    return code === undefined ? [] : [`${index + 1}: ${code}`];
  });
}
