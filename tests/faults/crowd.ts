/**
 * Many players, driven from a test.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { until } from "../support/wait.ts";

/** What a crowd is told to do. */
export type CrowdCommand =
  | {
    readonly op: "join";
    readonly url: string;
    /** User ids are this and a number. */
    readonly prefix: string;
    /** The first number. */
    readonly from: number;
    readonly count: number;
    /** Whether each watches everyone, and takes a snapshot. */
    readonly watches: boolean;
  }
  | { readonly op: "call"; readonly method: string; readonly params: unknown }
  | { readonly op: "leave"; readonly count: number }
  | { readonly op: "view" };

/** What the players of a crowd see. */
export interface CrowdView {
  readonly open: number;
  readonly closed: number;
  /** How many users each sees online. */
  readonly online: Range;
  /** `presence.updated` frames that each received. */
  readonly frames: Range;
}

/** The least and the most of any player. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

const MAIN = fileURLToPath(new URL("crowd_main.ts", import.meta.url));

/** A process full of players. Dispose of it: their connections break then. */
export class Crowd implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor() {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-check", "--allow-net=127.0.0.1", MAIN],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Connects players all at once; gives how long it took until the last was in, in ms. */
  async join(
    url: string,
    count: number,
    options: { readonly prefix?: string; readonly from?: number; readonly watches?: boolean } = {},
  ): Promise<number> {
    const { prefix = "p", from = 0, watches = false } = options;
    const command = { op: "join", url, count, prefix, from, watches } as const;
    return (await this.#ask<{ tookMs: number }>(command)).tookMs;
  }

  /** Every player calls a method; nobody waits for the answers. */
  async call(method: string, params: unknown): Promise<void> {
    await this.#ask({ op: "call", method, params });
  }

  /** So many players say goodbye. */
  async leave(count: number): Promise<void> {
    await this.#ask({ op: "leave", count });
  }

  view(): Promise<CrowdView> {
    return this.#ask({ op: "view" });
  }

  /** Waits until every player sees so many users online. */
  async allSee(count: number, timeoutMs = 30_000): Promise<void> {
    await until(async () => {
      const { online } = await this.view();
      return online.min === count && online.max === count;
    }, { what: `all players to see ${count} users`, timeoutMs, intervalMs: 50 });
  }

  /** Breaks all connections at once, as when the players' network is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#writer.close().catch(() => {});
    await this.#lines.cancel();
  }

  async #ask<Answer>(command: CrowdCommand): Promise<Answer> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("The crowd is gone");
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    return JSON.parse(line);
  }
}
