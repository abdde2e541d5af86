/**
 * A plain game client for tests: JSON-RPC over a WebSocket, with everything that it received kept.
 *
 * @module
 */
import { type ErrorObject, RpcError } from "../../src/protocol/errors.ts";
import type { Json } from "../../src/protocol/json.ts";
import type { Notifications, Welcome } from "../../src/protocol/notifications.ts";
import { type Closed, type RawOptions, RawWebSocket } from "./raw_web_socket.ts";

export { type Closed, HandshakeError } from "./raw_web_socket.ts";

/** What {@linkcode connect} may be told. */
export interface ConnectOptions extends RawOptions {
  /** Left out: the handshake carries none. */
  readonly token?: string;
  /**
   * How the token is given.
   *
   * @default {"header"}
   */
  readonly via?: "header" | "subprotocol" | "query";
}

/** A reply or a notification. */
export interface Message {
  readonly jsonrpc: "2.0";
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Json;
  readonly result?: Json;
  readonly error?: ErrorObject;
}

/** The connection ended while something was still awaited. */
export class ClosedError extends Error {
  override readonly name = "ClosedError";
  readonly closed: Closed;

  constructor(awaited: string, closed: Closed) {
    super(`Closed with ${closed.code} "${closed.reason}" before ${awaited}`);
    this.closed = closed;
  }
}

interface Waiter {
  readonly awaited: string;
  /** Takes the message it waits for out of what was not taken yet. */
  attempt(): boolean;
  fail(error: Error): void;
}

const LIMIT_MS = 5000;

/** One connection of a player. Dispose of it (`await using`), or await {@linkcode GameClient.closed}. */
export class GameClient implements AsyncDisposable {
  /** Each frame, as it came. */
  readonly frames: string[] = [];
  /** Each message, those of gathered frames one by one. */
  readonly received: Message[] = [];
  readonly socket: RawWebSocket;
  readonly closed: Promise<Closed>;
  #welcome: Welcome | undefined;
  readonly #notTaken: Message[] = [];
  readonly #waiters = new Set<Waiter>();
  #nextId = 1;
  #end: Closed | undefined;

  constructor(socket: RawWebSocket) {
    this.socket = socket;
    socket.onText = (text) => this.#take(text);
    this.closed = socket.closed.then((end) => {
      this.#end = end;
      for (const waiter of [...this.#waiters]) waiter.fail(new ClosedError(waiter.awaited, end));
      return end;
    });
  }

  /** What the server said first. */
  get welcome(): Welcome {
    if (this.#welcome === undefined) throw new Error("This client was not welcomed");
    return this.#welcome;
  }

  get sessionId(): string {
    return this.welcome.session_id;
  }

  /** Waits for the welcome, which has to be the first message. */
  async welcomed(): Promise<this> {
    const welcome = await this.next("system.welcome", { timeoutMs: 15_000 });
    const first = this.received[0];
    if (first?.method !== "system.welcome") throw new Error(`First came ${JSON.stringify(first)}`);
    this.#welcome = welcome;
    return this;
  }

  /**
   * Calls a method and waits for the reply.
   *
   * @throws {RpcError} the error reply
   * @throws {ClosedError}
   */
  async call<Result = unknown>(
    method: string,
    params?: unknown,
    timeoutMs?: number,
  ): Promise<Result> {
    const id = this.#nextId++;
    this.send({ jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) });
    const { error, result } = await this.reply(id, timeoutMs);
    if (error !== undefined) throw new RpcError(error.code, error.data, error.message);
    return result as Result;
  }

  /** Sends a notification. */
  notify(method: string, params?: unknown): void {
    this.send({ jsonrpc: "2.0", method, ...(params === undefined ? {} : { params }) });
  }

  /** Sends any value as JSON. */
  send(message: unknown): void {
    this.sendRaw(JSON.stringify(message));
  }

  /** Sends a text frame as it is. */
  sendRaw(text: string): void {
    this.socket.send(text);
  }

  /** Waits for the reply to a call, and takes it. */
  reply(id: string | number | null, timeoutMs?: number): Promise<Message> {
    const isReply = (message: Message) => message.method === undefined && message.id === id;
    return this.#wait(`the reply to ${JSON.stringify(id)}`, isReply, timeoutMs);
  }

  /** Waits for the next notification of that name that fits and was not taken yet; gives its params. */
  async next<Name extends keyof Notifications>(
    name: Name,
    options: {
      readonly where?: (params: Notifications[Name]) => boolean;
      readonly timeoutMs?: number;
    } = {},
  ): Promise<Notifications[Name]> {
    const { where = () => true, timeoutMs } = options;
    const paramsOf = (message: Message) => message.params as unknown as Notifications[Name];
    const isMeant = (message: Message) => message.method === name && where(paramsOf(message));
    return paramsOf(await this.#wait(name, isMeant, timeoutMs));
  }

  /** All notifications of that name so far. */
  all<Name extends keyof Notifications>(name: Name): Notifications[Name][] {
    return this.received.filter((message) => message.method === name)
      .map((message) => message.params as unknown as Notifications[Name]);
  }

  /** Says goodbye and waits until the server has, too. */
  async close(code = 1000): Promise<Closed> {
    this.socket.close(code);
    const force = setTimeout(() => this.abort(), LIMIT_MS);
    const end = await this.closed;
    clearTimeout(force);
    return end;
  }

  /** Breaks the connection without a close frame. */
  abort(): void {
    this.socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.resume();
    if (this.#end === undefined) await this.close();
  }

  #take(frame: string): void {
    this.frames.push(frame);
    const content = JSON.parse(frame) as Message | Message[];
    const messages = Array.isArray(content) ? content : [content];
    this.received.push(...messages);
    this.#notTaken.push(...messages);
    for (const waiter of [...this.#waiters]) waiter.attempt();
  }

  #wait(
    awaited: string,
    isMeant: (message: Message) => boolean,
    timeoutMs = LIMIT_MS,
  ): Promise<Message> {
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const timer = setTimeout(() => {
      waiter.fail(new Error(`Waited in vain for ${awaited} (${timeoutMs} ms)`));
    }, timeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    };
    const waiter: Waiter = {
      awaited,
      attempt: () => {
        const index = this.#notTaken.findIndex(isMeant);
        const [message] = index < 0 ? [] : this.#notTaken.splice(index, 1);
        if (message === undefined) return false;
        settle();
        resolve(message);
        return true;
      },
      fail(error) {
        settle();
        reject(error);
      },
    };
    this.#waiters.add(waiter);
    if (!waiter.attempt() && this.#end !== undefined) {
      waiter.fail(new ClosedError(awaited, this.#end));
    }
    return promise;
  }
}

/**
 * Connects as a player and waits for the welcome.
 *
 * @throws {HandshakeError} when the upgrade is refused
 * @throws {ClosedError} when the connection is closed before the welcome
 */
export async function connect(wsUrl: string, options: ConnectOptions = {}): Promise<GameClient> {
  const client = await open(wsUrl, options);
  try {
    return await client.welcomed();
  } catch (error) {
    client.abort();
    await client.closed;
    throw error;
  }
}

/** Connects without waiting for anything but the handshake. */
export async function open(wsUrl: string, options: ConnectOptions = {}): Promise<GameClient> {
  const { token, via = "header", protocols = ["waygate.v1"], headers = {}, ...rest } = options;
  const url = new URL(wsUrl);
  if (token !== undefined && via === "query") url.searchParams.set("access_token", token);
  const socket = await RawWebSocket.open(url.href, {
    ...rest,
    protocols: token !== undefined && via === "subprotocol"
      ? [...protocols, `bearer.${token}`]
      : protocols,
    headers: token !== undefined && via === "header"
      ? { Authorization: `Bearer ${token}`, ...headers }
      : headers,
  });
  return new GameClient(socket);
}
