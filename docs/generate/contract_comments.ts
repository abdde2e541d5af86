/**
 * What the comments in `src/protocol/` say of each field, so that nobody has to write it twice.
 *
 * @module
 */

/** The words on a contract's interfaces. */
export interface ContractComments {
  /** Interface → field → comment, in one line. */
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Method or notification → the interface of its params. */
  readonly params: ReadonlyMap<string, string>;
  /** Method → the interface of its result. */
  readonly results: ReadonlyMap<string, string>;
}

const FILES = ["methods", "notifications", "presence"] as const;

const INTERFACE = /export interface (\w+) \{\n([\s\S]*?)\n\}/g;
const FIELD = /\/\*\*\s*([\s\S]*?)\s*\*\/\s*readonly (\w+)\??:/g;
const METHOD = /"([\w.]+)": \{ params: (\w+); result: (\w+) \}/g;
const NOTIFICATION = /^ {2}"([\w.]+)": (\w+);$/gm;

/** Reads the sources of the contract. */
export async function readContractComments(): Promise<ContractComments> {
  const sources = await Promise.all(FILES.map((name) => {
    return Deno.readTextFile(new URL(`../../src/protocol/${name}.ts`, import.meta.url));
  }));
  const text = sources.join("\n");
  const methods = [...text.matchAll(METHOD)];
  return {
    fields: new Map(
      [...text.matchAll(INTERFACE)].map(([, name = "", body = ""]) => [name, fieldsOf(body)]),
    ),
    params: new Map([
      ...methods.map(([, method = "", params = ""]): [string, string] => [method, params]),
      ...[...text.matchAll(NOTIFICATION)].map(([, name = "", params = ""]): [string, string] => [
        name,
        params,
      ]),
    ]),
    results: new Map(methods.map(([, method = "", , result = ""]) => [method, result])),
  };
}

function fieldsOf(body: string): ReadonlyMap<string, string> {
  return new Map(
    [...body.matchAll(FIELD)].map(([, comment = "", name = ""]) => [name, plain(comment)]),
  );
}

/** A comment without its stars and inline tags, in one line. */
function plain(comment: string): string {
  return comment
    .replaceAll(/\s*\n\s*\*\s*/g, " ")
    .replaceAll(/\{@linkcode ([^}]+)\}/g, "`$1`")
    .trim();
}
