/** What the processors of this machine did in a stretch of time, in cores that were busy all of it. */
export interface ProcessorUse {
  readonly loader: number;
  /** The processes that were started for the run. */
  readonly servers: number;
  /** Everything else on this machine. */
  readonly others: number;
  /** Cores that the host of a virtual machine gave to somebody else. */
  readonly stolen: number;
}

/** Counted since the machine was started, in ms. */
interface Counts {
  readonly atMs: number;
  readonly loader: number;
  readonly servers: number;
  readonly busy: number;
  readonly stolen: number;
}

/** The kernel counts processor time in these, in ms. */
const TICK_MS = 10;

/** Reads how busy the machine is and with what; on Linux, elsewhere it knows nothing. */
export class ProcessorMeter {
  readonly #servers: readonly number[];
  #last: Counts | undefined;

  /** @param servers ids of the processes that were started for the run */
  constructor(servers: readonly number[]) {
    this.#servers = servers;
    this.#last = this.#count();
  }

  /** The use since this was last asked; undefined where the system does not say. */
  read(): ProcessorUse | undefined {
    const before = this.#last;
    const now = this.#count();
    this.#last = now;
    if (before === undefined || now === undefined) return undefined;
    const cores = (key: keyof Counts): number =>
      (now[key] - before[key]) / Math.max(1, now.atMs - before.atMs);
    const [loader, servers] = [cores("loader"), cores("servers")];
    // The kernel's sum is taken by sampling and may be less than its parts.
    const others = Math.max(0, cores("busy") - loader - servers);
    return { loader, servers, others, stolen: cores("stolen") };
  }

  #count(): Counts | undefined {
    try {
      const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] = Deno
        .readTextFileSync("/proc/stat").split("\n", 1)[0]?.split(/ +/).map(Number) ?? [];
      return {
        atMs: performance.now(),
        loader: processorMs(Deno.pid),
        servers: this.#servers.reduce((sum, pid) => sum + processorMs(pid), 0),
        busy: (user + nice + system + irq + softirq) * TICK_MS,
        stolen: stolen * TICK_MS,
      };
    } catch {
      return undefined;
    }
  }
}

/** Processor time of all threads of a process since it began, in ms. Linux. */
export function processorMs(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** The mean of some uses, which are of stretches of one length; undefined when there are none. */
export function meanUse(uses: readonly ProcessorUse[]): ProcessorUse | undefined {
  if (uses.length === 0) return undefined;
  const mean = (key: keyof ProcessorUse): number =>
    uses.reduce((sum, use) => sum + use[key], 0) / uses.length;
  return {
    loader: mean("loader"),
    servers: mean("servers"),
    others: mean("others"),
    stolen: mean("stolen"),
  };
}
