/** Runs at most so many pieces of work at once, the others in the order they came. */
export class WorkLimit {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running++;
    try {
      return await work();
    } finally {
      // The place goes to the next one without ever being free.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
