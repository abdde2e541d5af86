/**
 * Reading the project's Markdown files.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** Folders whose contents are not the project's own. */
const FOREIGN: ReadonlySet<string> = new Set([".git", "dist", "node_modules"]);

/** A code block that says which file it shows. */
export interface ShownFile {
  readonly path: string;
  readonly code: string;
}

/** One Markdown file. */
export interface Markdown {
  /** From the project's folder. */
  readonly path: string;
  readonly anchors: ReadonlySet<string>;
  /** Targets of its links, as they are written. */
  readonly links: readonly string[];
  readonly shownFiles: readonly ShownFile[];
}

const FENCE = /^```[^\n]*\n[\s\S]*?^```$/gm;
const SHOWN = /<!-- file: (\S+) -->\s*```\w*\n([\s\S]*?)^```$/gm;

/** Reads every Markdown file of the project. */
export async function readAllMarkdown(): Promise<Markdown[]> {
  const files = await Array.fromAsync(markdownFiles(ROOT));
  return await Promise.all(
    files.sort().map(async (file) => {
      return parse(relative(ROOT, file), await Deno.readTextFile(file));
    }),
  );
}

/** The links of a file that lead nowhere, each with what is wrong. */
export function brokenLinks(file: Markdown, all: readonly Markdown[]): string[] {
  return file.links.filter((link) => !/^[a-z]+:/.test(link)).flatMap((link) => {
    const [target = "", anchor] = link.split("#");
    const path = target === "" ? file.path : join(dirname(file.path), decodeURIComponent(target));
    if (!existsSync(join(ROOT, path))) return [`${file.path}: ${link}: no such file`];
    const anchors = [file, ...all].find((other) => other.path === path)?.anchors;
    const isThere = anchor === undefined || anchors === undefined || anchors.has(anchor);
    return isThere ? [] : [`${file.path}: ${link}: no such heading`];
  });
}

function parse(path: string, text: string): Markdown {
  const prose = text.replaceAll(FENCE, "").replaceAll(/`[^`\n]*`/g, (code) => inert(code));
  return {
    path,
    anchors: anchorsOf(text.replaceAll(FENCE, "")),
    links: [...prose.matchAll(/\[[^\]]*\]\(([^)\s]+)[^)]*\)/g)].map(([, link = ""]) => link),
    shownFiles: [...text.matchAll(SHOWN)].map(([, shown = "", code = ""]) => ({
      path: shown,
      code,
    })),
  };
}

/** Inline code, in which nothing is a link. */
function inert(code: string): string {
  return code.replaceAll(/[[\]()]/g, "");
}

/** Anchors as GitHub gives them to headings. */
function anchorsOf(prose: string): ReadonlySet<string> {
  const counts = new Map<string, number>();
  return new Set(
    [...prose.matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading = ""]) => {
      const slug = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
      const count = counts.get(slug) ?? 0;
      counts.set(slug, count + 1);
      return count === 0 ? slug : `${slug}-${count}`;
    }),
  );
}

async function* markdownFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory && !FOREIGN.has(name)) yield* markdownFiles(join(folder, name));
    else if (name.endsWith(".md")) yield join(folder, name);
  }
}
