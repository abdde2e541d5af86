/**
 * A scripted world for the client: a clock that a test turns, and sockets whose other end the test
 * plays. It stands for time and the network so that a story of hours takes milliseconds and goes
 * the same way each time; the real gateway has its own test.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type ClientEnvironment,
  type ClientOptions,
  WaygateClient,
} from "../../../src/client/client.ts";
import { ScriptedSocket } from "./scripted_socket.ts";

/** A connected client and the socket that it is connected by. */
export interface Connected {
  readonly client: WaygateClient;
  readonly socket: ScriptedSocket;
}

interface Timer {
  dueAt: number;
  readonly run: () => void;
}

/** See the module. */
export class World implements ClientEnvironment {
  /** Every socket that was ever made, oldest first. */
  readonly sockets: ScriptedSocket[] = [];
  /** What `random()` gives; half of everything by default. */
  chance: () => number = () => 0.5;
  readonly #timers = new Set<Timer>();
  readonly #wakers = new Set<() => void>();
  #now = Date.UTC(2026, 0, 1);

  now = (): number => this.#now;
  random = (): number => this.chance();

  setTimer = (run: () => void, delayMs: number): () => void => {
    const timer = { dueAt: this.#now + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  onWake = (listener: () => void): () => void => {
    this.#wakers.add(listener);
    return () => this.#wakers.delete(listener);
  };

  /** How many timers are set: none may be left when a client is closed. */
  get timers(): number {
    return this.#timers.size;
  }

  /** How many listen for the tab to wake. */
  get wakers(): number {
    return this.#wakers.size;
  }

  /** A client in this world. */
  client(options: Partial<ClientOptions> = {}): WaygateClient {
    const { sockets } = this;
    class WebSocket extends ScriptedSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    }
    const defaults = { url: "ws://gateway.example/ws", token: "h.token.s", WebSocket };
    return new WaygateClient({ ...defaults, ...options }, this);
  }

  /** A client that is connected already. */
  async connected(options: Partial<ClientOptions> = {}): Promise<Connected> {
    const client = this.client(options);
    const connecting = client.connect();
    const socket = await this.socket();
    socket.greet();
    await connecting;
    await this.settle();
    return { client, socket };
  }

  /** The newest socket; fails when not just `count` were made. */
  async socket(count?: number): Promise<ScriptedSocket> {
    await this.settle();
    if (count !== undefined) assert.equal(this.sockets.length, count, "sockets made so far");
    const socket = this.sockets.at(-1);
    assert.ok(socket !== undefined);
    return socket;
  }

  /** Lets everything that is ready happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await null;
  }

  /** Lets time pass, each timer running when it is due. */
  async pass(ms: number): Promise<void> {
    await this.settle();
    const until = this.#now + ms;
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#now = Math.max(this.#now, timer.dueAt);
      await this.#fire(timer);
    }
    this.#now = until;
    await this.settle();
  }

  /** The clock is turned and nothing runs, as in a suspended laptop; afterwards what was due runs late. */
  async suspend(ms: number): Promise<void> {
    await this.settle();
    this.#now += ms;
    const due = [...this.#timers].filter(({ dueAt }) => dueAt <= this.#now);
    for (const timer of due.sort((a, b) => a.dueAt - b.dueAt)) {
      if (this.#timers.has(timer)) await this.#fire(timer);
    }
  }

  /** The same, before any of the timers has run: the tab may wake first. */
  skip(ms: number): void {
    this.#now += ms;
  }

  /** The wall clock is set back; timers do not mind. */
  setBack(ms: number): void {
    this.#now -= ms;
    for (const timer of this.#timers) timer.dueAt -= ms;
  }

  /** The tab becomes visible, or the network is back. */
  async wake(): Promise<void> {
    for (const listener of [...this.#wakers]) listener();
    await this.settle();
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt <= until && (next === undefined || timer.dueAt < next.dueAt)) next = timer;
    }
    return next;
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    timer.run();
    await this.settle();
  }
}

/** A new world. */
export function scripted(): World {
  return new World();
}
