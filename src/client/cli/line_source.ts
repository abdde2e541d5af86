import process from "node:process";
import { createInterface } from "node:readline";
import { complete } from "./command.ts";

/** Where lines come from and go to. */
export interface LineSource {
  /** Each line of the input, until its end. */
  readonly lines: AsyncIterable<string>;
  /** Writes a line to standard output without disturbing one that is being typed. */
  write(line: string): void;
  /** Shows that a line can be typed. */
  prompt(): void;
  /** Ends the lines. */
  close(): void;
}

/**
 * Standard input: a terminal with a prompt, history and completion, or whatever is piped in.
 *
 * @param isTerminal whether a person types
 * @param methods gives the names to complete
 */
export function standardInput(isTerminal: boolean, methods: () => readonly string[]): LineSource {
  const input = createInterface({
    input: process.stdin,
    ...(isTerminal ? { output: process.stdout } : {}),
    terminal: isTerminal,
    prompt: "> ",
    completer: (line: string) => complete(line, methods()),
  });
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever read the output has gone, as `head` has after its last line: nobody is left to tell.
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  // From the start, so that no line is lost that comes while the client still connects.
  const lines = input[Symbol.asyncIterator]();
  return {
    lines: { [Symbol.asyncIterator]: () => lines },
    write(line) {
      if (isTerminal) process.stdout.write("\r\x1b[K");
      process.stdout.write(`${line}\n`);
      if (isTerminal) input.prompt(true);
    },
    prompt() {
      if (isTerminal) input.prompt();
    },
    close: () => input.close(),
  };
}
