import { type Dial, dial, type LoadSocket } from "./load_socket.ts";
import { nowMs, type Operation, type Recorder } from "./recorder.ts";

/** When requests are sent that are no part of the measurement. */
const UNMEASURED = NaN;

/** A request that was sent and not answered yet. */
interface Pending {
  readonly id: number;
  readonly operation: Operation;
  readonly atMs: number;
  readonly onResult: ((result: Readonly<Record<string, unknown>>) => void) | undefined;
  readonly onError: (() => void) | undefined;
}

/** What one of these clients is told to do with what the server sends unasked. */
export interface LoadClientListener {
  onNotification(client: LoadClient, method: string, params: Record<string, unknown>): void;
}

/** What {@linkcode LoadClient} works with. */
export interface LoadClientOptions {
  /** Its number among all clients of the run. */
  readonly index: number;
  readonly userId: string;
  /** `ws://…/ws` */
  readonly url: string;
  readonly token: string;
  readonly isBatching: boolean;
  readonly recorder: Recorder;
  readonly listener: LoadClientListener;
  /** @default {dial} */
  readonly dial?: Dial;
}

/** What a request may be given to do with its outcome. */
export interface Outcome {
  readonly onResult?: (result: Readonly<Record<string, unknown>>) => void;
  readonly onError?: () => void;
}

/** A client that spends little on itself, and checks that answers come each once and in order. */
export class LoadClient {
  readonly index: number;
  readonly userId: string;
  readonly #options: LoadClientOptions;
  #socket: LoadSocket | undefined;
  #welcome: PromiseWithResolvers<void> | undefined;
  #pending: Pending[] = [];
  #nextId = 1;
  #isLeaving = false;
  readonly #closeListeners: (() => void)[] = [];
  /** As the last welcome had it; undefined before the first. */
  sessionId: string | undefined;

  constructor(options: LoadClientOptions) {
    this.index = options.index;
    this.userId = options.userId;
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#socket !== undefined && this.#socket.isOpen && this.#welcome === undefined;
  }

  /** Requests without an answer. */
  get outstanding(): number {
    return this.#pending.length;
  }

  /**
   * Connects; resolves with the welcome.
   *
   * @param atMs when that was meant to happen
   * @throws {Error} when the gateway refuses, or goes
   */
  open(atMs: number): Promise<void> {
    const { url, token, isBatching, recorder } = this.#options;
    const welcome = Promise.withResolvers<void>();
    const protocol = isBatching ? "waygate.v1.batch" : "waygate.v1";
    this.#welcome = welcome;
    this.#isLeaving = false;
    this.#socket = (this.#options.dial ?? dial)(url, [protocol, `bearer.${token}`], {
      onText: (text) => this.#receive(text),
      onClosed: (code) => this.#closed(code),
    });
    return welcome.promise.then(() => recorder.took("connect", atMs));
  }

  /** Sends a request. */
  call(operation: Operation, method: string, params: string, atMs: number, outcome: Outcome): void {
    const id = this.#nextId++;
    const { onResult, onError } = outcome;
    this.#pending.push({ id, operation, atMs, onResult, onError });
    if (isMeasured(atMs)) this.#options.recorder.sent++;
    this.#socket?.send(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`);
  }

  /** Sends a request that is no part of the measurement, and waits for its answer. */
  ask(method: string, params: object): Promise<Readonly<Record<string, unknown>>> {
    const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
    this.call("ping", method, JSON.stringify(params), UNMEASURED, {
      onResult: resolve,
      onError: () => reject(new Error(`${method} failed`)),
    });
    return promise;
  }

  /** Leaves, with a close frame; resolves when the server has answered it. */
  leave(): Promise<void> {
    return this.lose(() => this.#socket?.close());
  }

  /** Ends the connection by what `end` does, and it is no fault; resolves when it has ended. */
  lose(end: () => void): Promise<void> {
    if (this.#socket === undefined) return Promise.resolve();
    this.#isLeaving = true;
    const closed = Promise.withResolvers<void>();
    this.#closeListeners.push(closed.resolve);
    end();
    return closed.promise;
  }

  #closed(code: number): void {
    this.#socket = undefined;
    this.#forgetPending();
    if (this.#welcome !== undefined) this.#welcome.reject(new Error(`Closed with ${code}`));
    else if (!this.#isLeaving) this.#options.recorder.failed(`closed ${code}`);
    this.#welcome = undefined;
    for (const listener of this.#closeListeners.splice(0)) listener();
  }

  #receive(text: string): void {
    const { recorder } = this.#options;
    recorder.receivedBytes += text.length;
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      recorder.isWrong(`Not JSON: ${text}`);
      return;
    }
    if (Array.isArray(message)) { for (const one of message) this.#take(one, text); }
    else this.#take(message as Record<string, unknown>, text);
  }

  #take(message: Record<string, unknown>, text: string): void {
    const { recorder, listener } = this.#options;
    recorder.received++;
    const { method, params } = message;
    if (typeof method !== "string") {
      this.#answered(message, text);
      return;
    }
    if (this.#welcome !== undefined) {
      if (method !== "system.welcome") recorder.isWrong(`Before the welcome: ${text}`);
      this.sessionId = String((params as Record<string, unknown>)["session_id"]);
      this.#welcome.resolve();
      this.#welcome = undefined;
      return;
    }
    listener.onNotification(this, method, params as Record<string, unknown>);
  }

  #answered(message: Record<string, unknown>, text: string): void {
    const { recorder } = this.#options;
    const { id, result, error } = message;
    const pending = this.#next(id);
    if (pending === undefined) return;
    if (result === undefined || result === null) {
      const code = (error as { code?: unknown } | undefined)?.code;
      if (typeof code === "number") recorder.failed(`${code}`);
      else recorder.isWrong(`Neither result nor error: ${text}`);
      pending.onError?.();
      return;
    }
    if (isMeasured(pending.atMs)) recorder.took(pending.operation, pending.atMs);
    pending.onResult?.(result as Record<string, unknown>);
  }

  /** The request that an answer is for: the oldest, or something is wrong. */
  #next(id: unknown): Pending | undefined {
    const { recorder } = this.#options;
    if (this.#pending[0]?.id === id) return this.#pending.shift();
    const position = this.#pending.findIndex((pending) => pending.id === id);
    if (position > 0) {
      recorder.misordered++;
      return this.#pending.splice(position, 1)[0];
    }
    if (typeof id === "number" && id > 0 && id < this.#nextId) recorder.doubled++;
    else recorder.isWrong(`An answer to no request of ours: ${id}`);
    return undefined;
  }

  /** Counts what will never be answered. */
  #forgetPending(): void {
    if (!this.#isLeaving) this.#options.recorder.lost += this.#pending.length;
    for (const pending of this.#pending) pending.onError?.();
    this.#pending = [];
  }
}

function isMeasured(atMs: number): boolean {
  return !Number.isNaN(atMs);
}

/** Connects many clients, some at a time. */
export async function openAll(clients: readonly LoadClient[], atOnce: number): Promise<void> {
  const waiting = [...clients];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let client = waiting.shift(); client; client = waiting.shift()) {
        await client.open(nowMs());
      }
    }),
  );
}
