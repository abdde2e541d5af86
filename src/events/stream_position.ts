/** Where a stream stands, by the word of its leader. Numbers are the stream's own, from 1. */
export interface StreamPosition {
  readonly createdAtMs: number;
  /** Number of the oldest message that is kept; one more than `last` when there is none. */
  readonly first: number;
  /** When it was stored; `Infinity` when there is none. */
  readonly firstAtMs: number;
  /** Number of the newest message ever stored; 0 for none. */
  readonly last: number;
  /** When it was stored. */
  readonly lastAtMs: number;
  /** Bytes of what is kept. */
  readonly bytes: number;
  /** Bytes that may be kept. */
  readonly maxBytes: number;
  /** Messages of one subject that may be kept. */
  readonly maxPerSubject: number;
  /** The server that leads; empty without a cluster. */
  readonly leader: string;
  /** Whether what is stored is sent on in the order of the numbers. */
  readonly republishesInOrder: boolean;
}

/** What was stored so long ago has surely arrived, if the link has held since. */
const SETTLED_MS = 2_000;

/** How far a node's link may be from a server's in telling the time. */
const CLOCKS_MS = 1_000;

/** The number up to which a node has surely handed on everything: where reading has to start. */
export class Floor {
  #count = 0;
  #mark: { readonly last: number; readonly atMs: number } | undefined;
  #cutAtMs: number | undefined;

  get count(): number {
    return this.#count;
  }

  /** Nothing up to `count` is owed to anybody. */
  restart(count: number): void {
    this.#count = count;
    this.#mark = undefined;
    this.#cutAtMs = undefined;
  }

  /** The stream was at `last` a moment ago, and live messages are arriving. */
  observe(last: number, nowMs: number): void {
    const mark = this.#mark;
    if (mark !== undefined && nowMs - mark.atMs < SETTLED_MS) return;
    if (mark !== undefined) this.#count = mark.last;
    this.#mark = { last, atMs: nowMs };
  }

  /** Live messages may be missing from now on. */
  cut(nowMs: number): void {
    this.#mark = undefined;
    this.#cutAtMs ??= nowMs;
  }

  /** Whether something that was stored during the cut is no longer kept. */
  lost({ first, firstAtMs, lastAtMs }: StreamPosition): boolean {
    if (this.#cutAtMs === undefined || first <= this.#count + 1) return false;
    const afterMs = this.#cutAtMs + CLOCKS_MS;
    return lastAtMs > afterMs && firstAtMs > afterMs;
  }
}
