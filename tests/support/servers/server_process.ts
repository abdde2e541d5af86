/**
 * A server that a test runs as a process of its own, and may stop, kill, freeze and bring back.
 *
 * @module
 */

import { until } from "../wait.ts";

/** How to run a server and how to tell that it serves. */
export interface ServerSpec {
  /** For error messages. */
  readonly name: string;
  /** Where it serves. */
  readonly url: string;
  readonly port: number;
  /** The program; a path or a name on PATH. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * A temporary folder of this server's own, for its data and its output. It outlives `stop()`, so
   * that `restart()` finds the data again, and goes when the server is disposed of.
   */
  readonly directory: string;
  /** Whether the process `pid`, and no stranger on the same port, answers. May throw for no. */
  answers(pid: number): Promise<boolean>;
}

const READY_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 5_000;

/**
 * Puts the output into a file and becomes the server, so that there is no stream for a test to pump
 * or leak. What it leaves behind waits for the end of standard input, that is of the test's process
 * however that ends, and takes the server along.
 */
const LAUNCHER = `
  output=$1; shift
  exec 3<&0
  { cat >/dev/null; kill -9 $$; } <&3 2>/dev/null &
  exec "$@" </dev/null 3<&- >>"$output" 2>&1
`;

/** One server. Dispose of it (`await using`), so that neither process nor folder is left behind. */
export class ServerProcess implements AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly #spec: ServerSpec;
  #child: Deno.ChildProcess | undefined;
  #ended: Promise<number> | undefined;

  /** Use {@linkcode ServerProcess.start}; a server made by hand is not running yet. */
  protected constructor(spec: ServerSpec) {
    this.#spec = spec;
    this.url = spec.url;
    this.port = spec.port;
    globalThis.addEventListener("unload", this.#abandon);
  }

  /**
   * Starts the server and waits until it serves.
   *
   * @throws {Error} when it ends or does not serve within 15 s: the message has its output
   */
  static async start(spec: ServerSpec): Promise<ServerProcess> {
    return await new ServerProcess(spec).launch();
  }

  /** The id of the process; another one after a restart. */
  get pid(): number {
    return this.#running().pid;
  }

  /** Whether its process is there, be it suspended. */
  get running(): boolean {
    return this.#child !== undefined;
  }

  /** What it has written to standard output and error so far. */
  async output(): Promise<string> {
    return await Deno.readTextFile(this.#outputFile).catch(() => "");
  }

  /**
   * Ends it as an operator would (SIGTERM), by force after 5 s. Harmless when it is not running.
   *
   * @returns its exit status; undefined when it was not running
   */
  stop(): Promise<number | undefined> {
    return this.#end("SIGTERM");
  }

  /** Resolves with its exit status once it has ended, whoever ended it. */
  get ended(): Promise<number> {
    return this.#ended ?? Promise.reject(new Error(`${this.#spec.name} was never started`));
  }

  /** Ends it as a crash would (SIGKILL). Harmless when it is not running. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops it if need be and starts it anew on the same port with the same folder. */
  async restart(): Promise<void> {
    await this.stop();
    await this.launch();
  }

  /** Freezes it: connections stay open and nothing answers. */
  suspend(): void {
    this.#running().kill("SIGSTOP");
  }

  /** Lets a frozen server go on. */
  resume(): void {
    this.#running().kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    globalThis.removeEventListener("unload", this.#abandon);
    await Deno.remove(this.#spec.directory, { recursive: true });
  }

  /** Starts the process and waits until it serves; the server is disposed of when it does not. */
  protected async launch(): Promise<this> {
    const { command, args, env } = this.#spec;
    const child = new Deno.Command("sh", {
      args: ["-c", LAUNCHER, "sh", this.#outputFile, command, ...args],
      ...(env && { env }),
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      // Ctrl-C is for whoever started it, and who still has to end it in order.
      detached: true,
    }).spawn();
    this.#child = child;
    let ended = false;
    this.#ended = child.status.then(async ({ code }) => {
      ended = true;
      if (this.#child === child) this.#child = undefined;
      await child.stdin.close();
      return code;
    });
    try {
      await until(
        () => ended || this.#spec.answers(child.pid),
        { what: `${this.#spec.name} on ${this.url}`, timeoutMs: READY_LIMIT_MS },
      );
      if (ended) throw new Error(`${this.#spec.name} ended at once`);
    } catch (error) {
      const output = await this.output();
      await this.kill();
      await this[Symbol.asyncDispose]();
      throw new Error(`Cannot start ${this.#spec.name}; its output:\n${output}`, { cause: error });
    }
    return this;
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<number | undefined> {
    const child = this.#child;
    if (child === undefined) return undefined;
    child.kill(signal);
    // A suspended process heeds SIGTERM only once it runs again.
    if (signal === "SIGTERM") child.kill("SIGCONT");
    const force = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
    const code = await this.#ended;
    clearTimeout(force);
    return code;
  }

  /** The last resort when a test file ends without having disposed of its server. */
  readonly #abandon = (): void => {
    this.#child?.kill("SIGKILL");
    Deno.removeSync(this.#spec.directory, { recursive: true });
  };

  get #outputFile(): string {
    return `${this.#spec.directory}/output.log`;
  }

  #running(): Deno.ChildProcess {
    if (this.#child === undefined) throw new Error(`${this.#spec.name} is not running`);
    return this.#child;
  }
}
