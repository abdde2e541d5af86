/**
 * Time that passes only when told to, so that hours of a cluster's life take milliseconds, and the same
 * way each time.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate } from "node:timers";
import { T0 } from "../conformance/store/builders.ts";

/** A process as far as time goes: whatever is started within {@linkcode FakeProcess.run} is its own. */
export class FakeProcess {
  /** What its wall clock is ahead of the true one, in ms. */
  skewMs = 0;
  #state: "running" | "frozen" | "gone" = "running";
  #held: (() => void)[] = [];

  /** Whether it can do anything now. */
  get isRunning(): boolean {
    return this.#state === "running";
  }

  /** Runs as a part of it: timers, clocks and promises that follow are its own. */
  run<T>(work: () => T): T {
    return current.run(this, work);
  }

  /** Runs now, or as soon as it is not frozen any more; never, when it is gone. */
  whenRunning(work: () => void): void {
    if (this.#state === "running") this.run(work);
    else if (this.#state === "frozen") this.#held.push(work);
  }

  /** Resolves as soon as it runs. */
  running(): Promise<void> {
    return new Promise((resolve) => this.whenRunning(resolve));
  }

  /** Stops it as SIGSTOP would. */
  freeze(): void {
    if (this.#state === "running") this.#state = "frozen";
  }

  /** Lets it go on; all that it missed happens at once. */
  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "running";
    const held = this.#held;
    this.#held = [];
    for (const work of held) this.whenRunning(work);
  }

  /** Ends it as SIGKILL would. */
  end(): void {
    this.#state = "gone";
    this.#held = [];
  }
}

const current = new AsyncLocalStorage<FakeProcess>();

const RUN_LIMIT_MS = 60_000;

interface Timer {
  readonly id: number;
  readonly process: FakeProcess | undefined;
  readonly callback: () => void;
  /** Undefined for a single call. */
  readonly intervalMs: number | undefined;
  dueMs: number;
  /** Due while its process was frozen, and waiting for it. */
  isHeld: boolean;
}

type Globals = Pick<
  typeof globalThis,
  "setTimeout" | "clearTimeout" | "setInterval" | "clearInterval"
>;

/** Stands in for the timers and clocks of this process until it is disposed of. */
export class FakeTime implements Disposable {
  readonly #timers = new Map<number, Timer>();
  readonly #real: Globals = { setTimeout, clearTimeout, setInterval, clearInterval };
  readonly #realNow = performance.now;
  readonly #realDateNow = Date.now;
  #ids = 0;
  #passedMs = 0;
  /** Whether something outside of this process is still under way. */
  isBusy: () => boolean = () => false;

  constructor() {
    const set = (repeats: boolean) => (callback: () => void, delayMs = 0) =>
      this.#set(callback, Math.max(delayMs, 1), repeats);
    const clear = (id: number) => void this.#timers.delete(id);
    Object.assign(globalThis, {
      setTimeout: set(false),
      setInterval: set(true),
      clearTimeout: clear,
      clearInterval: clear,
    });
    performance.now = () => this.#passedMs;
    Date.now = () => this.nowMs + (current.getStore()?.skewMs ?? 0);
  }

  /** The true wall clock, in ms. */
  get nowMs(): number {
    return T0 + this.#passedMs;
  }

  /** Lets `ms` pass, and all that this brings about happen, in order. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#passedMs + ms;
    await this.settle();
    for (let timer = this.#next(untilMs); timer !== undefined; timer = this.#next(untilMs)) {
      this.#passedMs = Math.max(this.#passedMs, timer.dueMs);
      this.#fire(timer);
      await this.settle();
    }
    this.#passedMs = Math.max(this.#passedMs, untilMs);
  }

  /** Lets time pass until `work` is done; gives what it gives. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    work.catch(() => {}).finally(() => isDone = true);
    for (let passedMs = 0; !isDone && passedMs < RUN_LIMIT_MS; passedMs++) await this.advance(1);
    if (!isDone) throw new Error(`Waited in vain for ${RUN_LIMIT_MS} ms`);
    return await work;
  }

  /** Lets `ms` pass while this process is busy with something else. */
  jump(ms: number): void {
    this.#passedMs += ms;
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    do await new Promise<void>((resolve) => void setImmediate(resolve)); while (this.isBusy());
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
    performance.now = this.#realNow;
    Date.now = this.#realDateNow;
  }

  #set(callback: () => void, delayMs: number, repeats: boolean): number {
    const id = ++this.#ids;
    this.#timers.set(id, {
      id,
      process: current.getStore(),
      callback,
      intervalMs: repeats ? delayMs : undefined,
      dueMs: this.#passedMs + delayMs,
      isHeld: false,
    });
    return id;
  }

  #next(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (timer.isHeld || timer.dueMs > untilMs) continue;
      if (next === undefined || timer.dueMs < next.dueMs) next = timer;
    }
    return next;
  }

  #fire(timer: Timer): void {
    const { process } = timer;
    if (process === undefined) return this.#call(timer);
    timer.isHeld = true;
    process.whenRunning(() => {
      timer.isHeld = false;
      if (this.#timers.has(timer.id)) this.#call(timer);
    });
  }

  #call(timer: Timer): void {
    if (timer.intervalMs === undefined) this.#timers.delete(timer.id);
    else timer.dueMs = this.#passedMs + timer.intervalMs;
    timer.callback();
  }
}
