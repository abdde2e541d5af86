/** Ends a subscription; harmless when called again. */
export type Unsubscribe = () => void;

/** How long a listener listens. */
export interface ListenOptions {
  /** Ends the subscription when aborted. */
  readonly signal?: AbortSignal;
}

/** Listeners by event name. A listener that throws disturbs neither the others nor the emitter. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Map<unknown, (value: never) => void>>();

  /** Calls `listener` on each event until unsubscribed. The same function is added once only. */
  on<Name extends keyof Events>(
    name: Name,
    listener: (value: Events[Name]) => void,
    options: ListenOptions = {},
  ): Unsubscribe {
    return this.#add(name, listener, listener, options);
  }

  /** Calls `listener` on the next event only. */
  once<Name extends keyof Events>(
    name: Name,
    listener: (value: Events[Name]) => void,
    options: ListenOptions = {},
  ): Unsubscribe {
    const wrapped = (value: Events[Name]): void => {
      this.off(name, listener);
      listener(value);
    };
    return this.#add(name, listener, wrapped, options);
  }

  /** Removes a listener, however it was added. */
  off<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): void {
    this.#listeners.get(name)?.delete(listener);
  }

  /** Whether anybody listens. */
  has(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /** Calls every listener that is there now, in the order added, unless another one removes it. */
  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    for (const [key, listener] of [...listeners]) {
      if (listeners.get(key) !== listener) continue;
      try {
        (listener as (value: Events[Name]) => void)(value);
      } catch (error) {
        // As the platform does for its own events: the fault is reported, the rest goes on.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #add<Name extends keyof Events>(
    name: Name,
    key: unknown,
    listener: (value: Events[Name]) => void,
    { signal }: ListenOptions,
  ): Unsubscribe {
    if (signal?.aborted === true) return () => {};
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) this.#listeners.set(name, listeners = new Map());
    listeners.set(key, listener);
    const remove = (): void => {
      if (listeners.get(key) === listener) listeners.delete(key);
      signal?.removeEventListener("abort", remove);
    };
    signal?.addEventListener("abort", remove);
    return remove;
  }
}
