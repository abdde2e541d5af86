/** Ends a subscription; harmless when called again. */
export type Unsubscribe = () => void;

/** How long a listener listens. */
export interface ListenOptions {
  /** Ends the subscription when aborted. */
  readonly signal?: AbortSignal | undefined;
}

interface Subscription {
  /** Whether it ends with the next event. */
  readonly once: boolean;
  readonly stop: Unsubscribe;
}

/** Listeners by event name. A listener that throws disturbs neither the others nor the emitter. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Map<(value: never) => void, Subscription>>();

  /** Calls `listener` on each event until unsubscribed. The same function is added once only. */
  on<Name extends keyof Events>(
    name: Name,
    listener: (value: Events[Name]) => void,
    options: ListenOptions = {},
  ): Unsubscribe {
    return this.#add(name, listener, false, options);
  }

  /** Calls `listener` on the next event only; one that listens to each already goes on to. */
  once<Name extends keyof Events>(
    name: Name,
    listener: (value: Events[Name]) => void,
    options: ListenOptions = {},
  ): Unsubscribe {
    return this.#add(name, listener, true, options);
  }

  /** Removes a listener, however it was added. */
  off<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): void {
    this.#listeners.get(name)?.get(listener)?.stop();
  }

  /** Whether anybody listens. */
  has(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /** Calls every listener that is there now, in the order added, unless another one removes it. */
  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    for (const [listener, subscription] of [...listeners]) {
      if (listeners.get(listener) !== subscription) continue;
      if (subscription.once) subscription.stop();
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

  #add(
    name: keyof Events,
    listener: (value: never) => void,
    once: boolean,
    { signal }: ListenOptions,
  ): Unsubscribe {
    if (signal?.aborted === true) return () => {};
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) this.#listeners.set(name, listeners = new Map());
    const known = listeners.get(listener);
    if (once && known?.once === false) return () => {};
    known?.stop();
    const stop = (): void => {
      if (listeners.get(listener) === subscription) listeners.delete(listener);
      signal?.removeEventListener("abort", stop);
    };
    const subscription = { once, stop };
    listeners.set(listener, subscription);
    signal?.addEventListener("abort", stop);
    return stop;
  }
}
