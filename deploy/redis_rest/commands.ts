/**
 * Commands as clients send them, and which of them this server lets through.
 *
 * All clients share one connection to Redis. A command that blocks it, changes what it is, or turns it
 * into a stream would hold up or confuse everyone, so such commands are refused before they get there.
 *
 * @module
 */

import type { Buffer } from "node:buffer";

/** One argument: text, or bytes that came as a request body. */
export type CommandArgument = string | Buffer;

/** A command that may be sent to Redis. */
export interface Command {
  /** In capitals, which is also what keeps ioredis from reshaping its reply. */
  readonly name: string;
  readonly args: readonly CommandArgument[];
}

/** A command that cannot be sent; the message begins with a code, as those of Redis do. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

const BLOCKING = "it would hold up everyone who shares this connection";
const STREAMING = "its replies do not end, and an HTTP response has to";
const TRANSACTION = "post all commands of the transaction to /multi-exec";
const CONNECTION = "the connection is shared, its state belongs to nobody";
const ADMINISTRATION = "administer Redis directly, not over REST";

/** Why each refused command is refused. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ...reasons(
    BLOCKING,
    "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF SAVE MIGRATE",
  ),
  ...reasons(
    STREAMING,
    "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR SYNC PSYNC REPLCONF",
  ),
  ...reasons(TRANSACTION, "MULTI EXEC DISCARD WATCH UNWATCH"),
  ...reasons(CONNECTION, "SELECT AUTH HELLO QUIT RESET CLIENT READONLY READWRITE ASKING"),
  ...reasons(
    ADMINISTRATION,
    "SHUTDOWN DEBUG CONFIG MODULE ACL REPLICAOF SLAVEOF FAILOVER CLUSTER BGSAVE BGREWRITEAOF",
  ),
]);

/**
 * Makes a command of a JSON array such as `["SET", "key", 1]`.
 *
 * @throws {CommandError} when it is not one, or is one of those that are refused
 */
export function parseCommand(value: unknown): Command {
  if (!Array.isArray(value) || value.length === 0) {
    throw new CommandError(
      "ERR failed to parse command: expected an array that begins with a name",
    );
  }
  const [name, ...args] = value.map(toArgument);
  return makeCommand(String(name), args);
}

/**
 * Makes a command of its name, in any case, and its arguments.
 *
 * @throws {CommandError} when the name is none, or the command is one of those that are refused
 */
export function makeCommand(anyName: string, args: readonly CommandArgument[]): Command {
  const name = anyName.toUpperCase();
  if (!/^[A-Z][A-Z0-9._-]*$/.test(name)) {
    throw new CommandError(`ERR unknown command '${anyName.slice(0, 128)}'`);
  }
  const reason = REFUSED.get(name) ?? refusalByArguments(name, args);
  if (reason !== undefined) {
    throw new CommandError(`ERR ${name} is not available over REST: ${reason}`);
  }
  return { name, args };
}

/** Commands that are harmless or not depending on an option. */
function refusalByArguments(name: string, args: readonly CommandArgument[]): string | undefined {
  if (name === "XREAD" || name === "XREADGROUP") {
    return readsBlocking(args) ? BLOCKING : undefined;
  }
  if (name === "SCRIPT") {
    return String(args[0]).toUpperCase() === "DEBUG" ? CONNECTION : undefined;
  }
  return undefined;
}

/** How many values follow an option of XREAD and XREADGROUP; names among them may be any word. */
const VALUES_OF_OPTION: ReadonlyMap<string, number> = new Map([
  ["COUNT", 1],
  ["CLAIM", 1],
  ["GROUP", 2],
]);

function readsBlocking(args: readonly CommandArgument[]): boolean {
  let at = 0;
  while (at < args.length) {
    const word = String(args[at]).toUpperCase();
    if (word === "BLOCK") return true;
    // What follows are keys and ids.
    if (word === "STREAMS") return false;
    at += 1 + (VALUES_OF_OPTION.get(word) ?? 0);
  }
  return false;
}

function toArgument(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "boolean":
      return String(value);
    default:
      throw new CommandError(
        "ERR failed to parse command: expected strings, numbers and booleans only",
      );
  }
}

function reasons(reason: string, names: string): [name: string, reason: string][] {
  return names.split(" ").map((name) => [name, reason]);
}
