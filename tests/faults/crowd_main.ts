/**
 * Many players in a process of their own, so that they take no time from those who measure. Reads
 * commands from standard input, a line of JSON each, and answers each with a line.
 *
 * @module
 */
import { DEVELOPMENT_SECRET } from "../../src/token_key.ts";
import { signToken } from "../../src/development_tokens.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import type { CrowdCommand, CrowdView } from "./crowd.ts";

/** Messages to many are the same text for all of them: each is read once. */
const CACHED = 64;
const cache = new Map<string, Message>();

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: { readonly presences?: readonly Presence[] };
  readonly params?: { readonly presences?: readonly Presence[]; readonly session_id?: string };
}

const players: Player[] = [];

class Player {
  frames = 0;
  isClosed = false;
  readonly online = new Set<string>();
  readonly #versions = new Map<string, number>();
  readonly #socket: WebSocket;
  readonly #isDone = Promise.withResolvers<void>();
  readonly #watches: boolean;

  constructor(url: string, token: string, watches: boolean) {
    this.#watches = watches;
    this.#socket = new WebSocket(url, ["waygate.v1", `bearer.${token}`]);
    this.#socket.onmessage = ({ data }) => this.#take(String(data));
    this.#socket.onerror = (event) => event.preventDefault();
    this.#socket.onclose = () => {
      this.isClosed = true;
      this.#isDone.resolve();
    };
  }

  /** Resolves when it was welcomed and, if it watches, has its snapshot; or when it was closed. */
  get done(): Promise<void> {
    return this.#isDone.promise;
  }

  close(): void {
    this.#socket.close(1000);
  }

  call(method: string, params: unknown): void {
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id: 2, method, params }));
  }

  #take(text: string): void {
    const { id, method, result, params } = read(text);
    if (method === "system.welcome") {
      if (this.#watches) {
        const request = {
          jsonrpc: "2.0",
          id: 1,
          method: "presence.subscribe",
          params: { all: true },
        };
        this.#socket.send(JSON.stringify(request));
      } else this.#isDone.resolve();
    } else if (method === "presence.updated") {
      this.frames++;
      this.#apply(params?.presences ?? []);
    } else if (id === 1) {
      this.#apply(result?.presences ?? []);
      this.#isDone.resolve();
    }
  }

  #apply(presences: readonly Presence[]): void {
    for (const { user_id: userId, version, status } of presences) {
      if ((this.#versions.get(userId) ?? 0) >= version) continue;
      this.#versions.set(userId, version);
      if (status === "offline") this.online.delete(userId);
      else this.online.add(userId);
    }
  }
}

function read(text: string): Message {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const message: Message = JSON.parse(text);
  if (message.method !== "presence.updated" && message.id !== 1) return message;
  cache.set(text, message);
  for (const oldest of cache.keys()) {
    if (cache.size <= CACHED) break;
    cache.delete(oldest);
  }
  return message;
}

async function join(command: CrowdCommand & { op: "join" }): Promise<void> {
  const { url, prefix, from, count, watches } = command;
  const terms = { secret: DEVELOPMENT_SECRET, issuer: undefined, audience: undefined };
  const tokens = await Promise.all(
    Array.from(
      { length: count },
      (_, at) => signToken({ sub: `${prefix}${from + at}`, ttl_s: 3600 }, terms),
    ),
  );
  const joining = tokens.map((token) => new Player(url, token, watches));
  players.push(...joining);
  await Promise.all(joining.map((player) => player.done));
}

function view(): CrowdView {
  const open = players.filter((player) => !player.isClosed);
  const range = (values: number[]) => ({ min: Math.min(...values), max: Math.max(...values) });
  return {
    open: open.length,
    closed: players.length - open.length,
    online: range(open.map((player) => player.online.size)),
    frames: range(open.map((player) => player.frames)),
  };
}

async function run(command: CrowdCommand): Promise<unknown> {
  const startedAt = performance.now();
  switch (command.op) {
    case "join":
      await join(command);
      return { tookMs: performance.now() - startedAt };
    case "call":
      for (const player of players) player.call(command.method, command.params);
      return {};
    case "leave":
      for (const player of players.splice(0, command.count)) player.close();
      return {};
    case "view":
      return view();
  }
}

let rest = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) console.log(JSON.stringify(await run(JSON.parse(line))));
}
