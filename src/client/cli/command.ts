import type { JsonObject } from "../../protocol/json.ts";

/** What a line asks for. */
export type Command =
  | { readonly kind: "call"; readonly method: string; readonly params: JsonObject | undefined }
  | { readonly kind: "help" | "quit" | "nothing" }
  | { readonly kind: "wrong"; readonly message: string };

const WORDS = ["help", "quit"];

/** Reads a line: a method's name, then its params as a JSON object. */
export function readCommand(line: string): Command {
  const [, method = "", rest = ""] = /^\s*(\S*)\s*(.*?)\s*$/s.exec(line) ?? [];
  if (method === "" || method.startsWith("#")) return { kind: "nothing" };
  if (method === "help") return { kind: "help" };
  if (method === "quit" || method === "exit") return { kind: "quit" };
  if (rest === "") return { kind: "call", method, params: undefined };
  try {
    const params: unknown = JSON.parse(rest);
    if (params !== null && typeof params === "object" && !Array.isArray(params)) {
      return { kind: "call", method, params: params as JsonObject };
    }
    return { kind: "wrong", message: `Params must be a JSON object, as in ${method} {"name": 1}` };
  } catch (error) {
    return {
      kind: "wrong",
      message: `Params are not JSON: ${error instanceof Error ? error.message : error}`,
    };
  }
}

/** Completes the first word of a line, in the shape that `node:readline` wants. */
export function complete(line: string, methods: readonly string[]): [string[], string] {
  if (/\s/.test(line)) return [[], line];
  const words = [...methods, ...WORDS];
  return [words.filter((word) => word.startsWith(line)).map((word) => `${word} `), line];
}
