/** A socket that is not open so long after it was accepted never will be, in ms. */
const LIMIT_MS = 5000;

/** Counts sockets that were accepted and are not open yet; engines do not say which never will be. */
export class Opening {
  readonly #accepted = new Set<{ readonly atMs: number }>();

  get count(): number {
    const oldestMs = performance.now() - LIMIT_MS;
    for (const entry of this.#accepted) {
      if (entry.atMs > oldestMs) break;
      this.#accepted.delete(entry);
    }
    return this.#accepted.size;
  }

  /** Counts one more, until what it returns is called. */
  begin(): () => void {
    const entry = { atMs: performance.now() };
    this.#accepted.add(entry);
    return () => this.#accepted.delete(entry);
  }
}
