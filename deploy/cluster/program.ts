/** One program of the cluster. */
export interface ProgramSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where it listens on 127.0.0.1 once it is up. */
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
}

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;
const POLL_MS = 50;

const HINTS: Readonly<Record<string, string>> = {
  "redis-server":
    "Install redis-server (Debian: apt-get install redis-server; macOS: brew install redis)",
  "nats-server":
    "Install nats-server (Debian: apt-get install nats-server; macOS: brew install nats-server)",
};

/** A program that runs as long as the cluster does, its output marked with its name. */
export class Program {
  readonly #spec: ProgramSpec;
  readonly #child: Deno.ChildProcess;
  /** Its exit status, once it has ended. */
  readonly ended: Promise<number>;
  #hasEnded = false;

  private constructor(spec: ProgramSpec, child: Deno.ChildProcess) {
    this.#spec = spec;
    this.#child = child;
    this.ended = child.status.then(({ code }) => {
      this.#hasEnded = true;
      return code;
    });
    void relay(spec.name, child.stdout);
    void relay(spec.name, child.stderr);
  }

  /** @throws {Error} saying how to install a program that is missing */
  static start(spec: ProgramSpec, cwd: string): Program {
    try {
      const command = new Deno.Command(spec.command, {
        args: [...spec.args],
        cwd,
        env: { ...spec.env },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      });
      return new Program(spec, command.spawn());
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Error(HINTS[spec.command] ?? `${spec.command} is not installed`);
    }
  }

  /** Resolves once its port answers. */
  async listening(): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS;
    while (!await isListening(this.#spec.port)) {
      if (this.#hasEnded) throw new Error(`${this.#spec.name} ended at once`);
      if (performance.now() > deadline) throw new Error(`${this.#spec.name} did not start in time`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Asks it to end, and makes it end when it does not. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_LIMIT_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

async function relay(name: string, stream: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) console.log(`[${name}] ${line}`);
  }
}

/** Whether something accepts connections on a port of 127.0.0.1. */
export async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** A port that nobody uses now. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}
