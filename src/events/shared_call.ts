/**
 * One call for many who ask at the same time. Nobody gets an answer to a question that was put before
 * their own: who asks while a call is under way shares the next one.
 */
export class SharedCall<T> {
  readonly #call: () => Promise<T>;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  constructor(call: () => Promise<T>) {
    this.#call = call;
  }

  run(): Promise<T> {
    return this.#next ??= this.#start();
  }

  async #start(): Promise<T> {
    await this.#running;
    this.#next = undefined;
    const call = this.#call();
    this.#running = call.catch(() => {});
    return await call;
  }
}
