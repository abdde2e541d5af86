import ts from "typescript";

/** What is compiled, and where to. */
export interface CompileOptions {
  /** Folder that the sources' paths are kept relative to. */
  readonly root: string;
  /** Modules whose imports are followed. */
  readonly entries: readonly string[];
  readonly out: string;
  /** Names that examples import by, and what they are called where the result is used. */
  readonly renamed: Readonly<Record<string, string>>;
}

/**
 * Compiles TypeScript modules to ES modules and declarations, one of each for one of them, so that a
 * bundler can leave out what is not used.
 *
 * Checked against the standard library and the DOM alone: what needs Deno's types does not compile.
 *
 * @throws {Error} the compiler's complaints
 */
export async function compile({ root, entries, out, renamed }: CompileOptions): Promise<void> {
  const program = ts.createProgram([...entries], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    types: [],
    // The compiler's own declarations are not ours to check.
    skipDefaultLibCheck: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
    declaration: true,
    rootDir: root,
    outDir: out,
  });
  const written: Promise<void>[] = [];
  const { diagnostics } = program.emit(undefined, (path, text) => {
    written.push(write(path, finish(path, text, renamed)));
  });
  await Promise.all(written);
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (problems.length === 0) return;
  throw new Error(ts.formatDiagnostics(problems, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => "\n",
  }));
}

function finish(path: string, text: string, renamed: CompileOptions["renamed"]): string {
  let finished = text;
  for (const [from, to] of Object.entries(renamed)) finished = finished.replaceAll(from, to);
  // The compiler leaves declarations' imports as they are written.
  return path.endsWith(".d.ts")
    ? finished.replace(/(["']\.\.?\/[^"']+)\.ts(["'])/g, "$1.js$2")
    : finished;
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, text);
}
