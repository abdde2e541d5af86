/** Everything that the package exports is documented, and made only of what it exports. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);

interface Manifest {
  readonly exports: Readonly<Record<string, string>>;
}

Deno.test("every export of the package is documented, down to its fields", async () => {
  const manifest: Manifest = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const { success, output } = await lintDocs(Object.values(manifest.exports));
  assert.ok(success, output);
});

Deno.test("the documentation lint sees a field without a comment", async () => {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      path,
      "/** A box. */\nexport interface Box {\n  widthMm: number;\n}\n",
    );
    const { success, output } = await lintDocs([path]);
    assert.equal(success, false);
    assert.match(output, /missing-jsdoc/);
  } finally {
    await Deno.remove(path);
  }
});

async function lintDocs(paths: readonly string[]): Promise<{ success: boolean; output: string }> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", "--quiet", ...paths],
    cwd: fileURLToPath(ROOT),
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  return { success, output: new TextDecoder().decode(stderr) };
}
