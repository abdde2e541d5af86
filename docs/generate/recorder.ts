import type { Json, JsonObject } from "../../src/protocol/json.ts";

/** One message as it went over the wire. */
export interface WireLine {
  readonly from: "client" | "server";
  readonly message: JsonObject;
}

const LIMIT_MS = 10_000;

/** A player whose messages are written down: JSON-RPC over the runtime's own WebSocket. */
export class Recorder {
  readonly #socket: WebSocket;
  readonly #received: JsonObject[] = [];
  #wake: () => void = () => {};
  #nextId = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      this.#received.push(JSON.parse(data));
      this.#wake();
    };
  }

  /** Connects; the welcome is there to be taken. */
  static async open(url: string, token: string): Promise<Recorder> {
    const socket = new WebSocket(url, ["waygate.v1", `bearer.${token}`]);
    const recorder = new Recorder(socket);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`Cannot connect to ${url}`));
    });
    return recorder;
  }

  /** Calls a method; gives the request and the reply. */
  async call(method: string, params: JsonObject): Promise<WireLine[]> {
    const id = this.#nextId++;
    const request: JsonObject = { jsonrpc: "2.0", method, params, id };
    this.#socket.send(JSON.stringify(request));
    const reply = await this.#take(method, (message) => message["id"] === id);
    return [{ from: "client", message: request }, { from: "server", message: reply }];
  }

  /** Waits for a notification that fits. */
  async next(name: string, fits: (params: JsonObject) => boolean = () => true): Promise<WireLine> {
    const message = await this.#take(
      name,
      ({ method, params }) => method === name && fits(params as JsonObject),
    );
    return { from: "server", message };
  }

  /** Says goodbye and waits for the end. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#socket.onclose = () => resolve();
    });
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    this.#socket.close(1000);
    await closed;
  }

  async #take(what: string, isMeant: (message: JsonObject) => boolean): Promise<JsonObject> {
    const overdue = performance.now() + LIMIT_MS;
    while (true) {
      const [found] = this.#received.splice(this.#indexOf(isMeant), 1);
      if (found !== undefined) return found;
      const leftMs = overdue - performance.now();
      if (leftMs <= 0) throw new Error(`Waited in vain for ${what}`);
      await this.#news(leftMs);
    }
  }

  /** Past the end when there is none, so that nothing is taken out. */
  #indexOf(isMeant: (message: JsonObject) => boolean): number {
    const index = this.#received.findIndex(isMeant);
    return index < 0 ? this.#received.length : index;
  }

  async #news(limitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, limitMs);
    await promise;
    clearTimeout(timer);
  }
}

/** Reads a member of a reply's result. */
export function resultMember(lines: readonly WireLine[], name: string): Json | undefined {
  const result = lines.at(-1)?.message["result"] as JsonObject | undefined;
  return result?.[name];
}
