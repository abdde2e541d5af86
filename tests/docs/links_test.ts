import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { brokenLinks, readAllMarkdown, ROOT } from "./markdown.ts";

const files = await readAllMarkdown();

Deno.test("every link and anchor in the documentation leads somewhere", () => {
  assert.ok(files.length > 5, "The documentation was not found");
  assert.deepEqual(files.flatMap((file) => brokenLinks(file, files)), []);
});

Deno.test("every document is found from the README, link by link", () => {
  const found = new Set(["README.md"]);
  for (const path of found) {
    const { links = [] } = files.find((file) => file.path === path) ?? {};
    const targets = links.filter((link) => !link.startsWith("#"))
      .map((link) => join(dirname(path), link.replace(/#.*/, "")));
    for (const { path: other } of files) {
      // A link to a folder leads to all that is in it.
      if (targets.includes(other) || targets.includes(dirname(other))) found.add(other);
    }
  }
  const documents = files.map(({ path }) => path).filter((path) => path.startsWith("docs/"));
  assert.deepEqual(documents.filter((path) => !found.has(path)), []);
});

Deno.test("brokenLinks() finds missing files and missing headings", () => {
  const broken = brokenLinks({
    path: "docs/configuration.md",
    anchors: new Set(["here"]),
    links: ["#here", "api.md#close-codes", "https://x.example", "#gone", "gone.md", "api.md#gone"],
    shownFiles: [],
  }, files);
  assert.deepEqual(broken.map((line) => line.split(": ")[1]), ["#gone", "gone.md", "api.md#gone"]);
});

Deno.test("every code block that names its file shows it as it is", async () => {
  const shown = files.flatMap((file) => file.shownFiles.map((block) => ({ file, ...block })));
  assert.ok(shown.length > 1, "No block was found");
  for (const { file, path, code } of shown) {
    const text = await Deno.readTextFile(join(ROOT, path));
    assert.equal(code, text, `${file.path} shows ${path} as it is not`);
  }
});
