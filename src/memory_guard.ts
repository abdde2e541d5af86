import process from "node:process";

/** How often the memory is read, in ms. */
const INTERVAL_MS = 500;

/** Memory outside JavaScript that needs no explanation, in bytes, where there is plenty of it… */
const UNEXPLAINED_BYTES = 1_073_741_824;
/** …and as a share of all memory where there is less. */
const UNEXPLAINED_SHARE = 0.5;

/** What a connection may need outside JavaScript, in bytes: buffers of the socket and of TLS. */
const CONNECTION_BYTES = 65_536;

/** Readings in a row that have to be too high: a large message that is already gone is no alarm. */
const READINGS = 2;

/** Memory of the process, in bytes. */
export interface MemoryReading {
  readonly rss: number;
  readonly heapTotal: number;
  readonly external: number;
}

/** Why the guard raised the alarm; sizes in bytes. */
export interface MemoryAlarm {
  readonly rss_bytes: number;
  /** Held outside JavaScript, beyond what there was at the start. */
  readonly native_bytes: number;
  readonly allowed_bytes: number;
  readonly connections: number;
}

/**
 * Judges memory that JavaScript cannot see. The runtime's WebSocket collects the fragments of a
 * message there without a limit, and neither tells of them nor lets go of them when the socket is
 * closed: all that is left is to notice in time, to see the others off, and to start anew.
 */
export class MemoryGuard {
  readonly #atStart: number;
  readonly #unexplainedBytes: number;
  #peakConnections = 0;
  #tooHigh = 0;

  /**
   * @param atStart the memory before there were connections
   * @param totalBytes memory of the machine or the container; undefined when it is not known
   */
  constructor(atStart: MemoryReading, totalBytes: number | undefined) {
    this.#atStart = nativeBytes(atStart);
    this.#unexplainedBytes = Math.min(
      UNEXPLAINED_BYTES,
      (totalBytes ?? Infinity) * UNEXPLAINED_SHARE,
    );
  }

  /** Judges one reading. */
  judge(reading: MemoryReading, connections: number): MemoryAlarm | undefined {
    // The runtime does not give back all that many connections once needed.
    this.#peakConnections = Math.max(this.#peakConnections, connections);
    const allowed = this.#unexplainedBytes + this.#peakConnections * CONNECTION_BYTES;
    const native = nativeBytes(reading) - this.#atStart;
    this.#tooHigh = native > allowed ? this.#tooHigh + 1 : 0;
    if (this.#tooHigh < READINGS) return undefined;
    return {
      rss_bytes: reading.rss,
      native_bytes: native,
      allowed_bytes: Math.round(allowed),
      connections,
    };
  }
}

function nativeBytes({ rss, heapTotal, external }: MemoryReading): number {
  return rss - heapTotal - external;
}

/** Resolves when memory is being filled; see {@linkcode MemoryGuard}. Keeps no process alive. */
export function untilMemoryAlarm(connections: () => number): Promise<MemoryAlarm> {
  const guard = new MemoryGuard(Deno.memoryUsage(), totalMemoryBytes());
  const { promise, resolve } = Promise.withResolvers<MemoryAlarm>();
  const timer = setInterval(() => {
    const alarm = guard.judge(Deno.memoryUsage(), connections());
    if (alarm === undefined) return;
    clearInterval(timer);
    resolve(alarm);
  }, INTERVAL_MS);
  Deno.unrefTimer(timer);
  return promise;
}

/** Memory of the container, else of the machine; undefined without `--allow-sys=systemMemoryInfo`. */
function totalMemoryBytes(): number | undefined {
  // On a terminal the runtime would ask, and hold up everything until somebody answers.
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  if (state !== "granted") return undefined;
  const { total } = Deno.systemMemoryInfo();
  // 0 where nothing is known of a limit.
  return Math.min(total, process.constrainedMemory() || Infinity);
}
