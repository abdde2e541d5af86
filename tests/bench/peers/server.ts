/** Servers run on one core, the loader on another: the task pins the loader. */
const SERVER_CORE = 0;

/** How to run a server. */
export interface ServerSpec {
  readonly name: string;
  /** Finds the port in the line by which the server says that it listens. */
  readonly listening: RegExp;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A server under test, pinned to its core. */
export class PinnedServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** @throws {Error} when it ends without having listened */
  static async start(spec: ServerSpec): Promise<PinnedServer> {
    const child = new Deno.Command("taskset", {
      args: ["-c", `${SERVER_CORE}`, spec.command, ...spec.args],
      cwd: spec.cwd,
      env: { ...spec.env },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    return new PinnedServer(child, await portOf(spec, child.stdout));
  }

  /** Processor time that it has used in all its threads, in ms. */
  get cpuMs(): number {
    let nanoseconds = 0;
    for (const thread of Deno.readDirSync(`/proc/${this.#child.pid}/task`)) {
      nanoseconds += cpuNanoseconds(`/proc/${this.#child.pid}/task/${thread.name}`);
    }
    return nanoseconds / 1e6;
  }

  /** Resident memory, in bytes. */
  get rssBytes(): number {
    const status = Deno.readTextFileSync(`/proc/${this.#child.pid}/status`);
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}

/** Processor time of this thread, in ms. */
export function ownCpuMs(): number {
  return cpuNanoseconds("/proc/thread-self") / 1e6;
}

function cpuNanoseconds(directory: string): number {
  return Number(Deno.readTextFileSync(`${directory}/schedstat`).split(" ")[0]);
}

/** Reads the port, and goes on reading whatever else the server says, so that it never blocks. */
function portOf(spec: ServerSpec, output: ReadableStream<Uint8Array>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const decoder = new TextDecoder();
  let text = "";
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      text = (text + decoder.decode(chunk, { stream: true })).slice(-10_000);
      const port = spec.listening.exec(text);
      if (port !== null) resolve(Number(port[1]));
    },
    close: () => reject(new Error(`${spec.name} ended without having listened:\n${text}`)),
  });
  output.pipeTo(sink).catch(reject);
  return promise;
}
