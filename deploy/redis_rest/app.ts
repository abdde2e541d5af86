/**
 * The HTTP side of the Upstash REST API: https://upstash.com/docs/redis/features/restapi
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import {
  type Command,
  type CommandArgument,
  CommandError,
  makeCommand,
  parseCommand,
} from "./commands.ts";
import {
  type RedisConnection,
  RedisUnavailableError,
  TransactionError,
} from "./redis_connection.ts";
import { encodeOutcome, type JsonOutcome, type Outcome, type ReplyEncoding } from "./replies.ts";

/** Largest request body. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** Most commands in one pipeline or transaction. */
const MAX_COMMANDS = 10_000;

/** What the routes need of the connection. */
export type CommandRunner = Pick<RedisConnection, "ready" | "run" | "transact">;

/**
 * Makes the app. Every route wants the bearer token, but for `GET /-/healthz`, whose name no command
 * can have: 200 while Redis is there, else 503.
 */
export function createApp(redis: CommandRunner, token: string): Hono {
  const app = new Hono();
  app.get(
    "/-/healthz",
    (c) => redis.ready ? c.json({ status: "ok" }) : c.json({ status: "unavailable" }, 503),
  );

  const isToken = tokenChecker(token);
  app.use(async (c, next) => {
    const [, bearer] = /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "") ?? [];
    if (isToken(bearer ?? c.req.query("_token") ?? "")) return await next();
    return c.json({ error: "Unauthorized" }, 401);
  });
  app.use(bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (c) => c.json({ error: `ERR request is larger than ${MAX_BODY_BYTES} bytes` }, 413),
  }));

  app.post("/", async (c) => {
    const [outcome] = await redis.run([parseCommand(await readJson(c, "command"))]);
    return respond(c, outcome);
  });
  app.post("/pipeline", async (c) => {
    return c.json(await runPipeline(redis, await readCommands(c, "pipeline"), encodingOf(c)));
  });
  app.post("/multi-exec", async (c) => {
    const commands = (await readCommands(c, "multi-exec")).map(parseCommand);
    const outcomes = await redis.transact(commands);
    return c.json(outcomes.map((outcome) => encodeOutcome(outcome, encodingOf(c))));
  });
  app.on(["GET", "POST", "PUT"], "/*", async (c) => {
    const [outcome] = await redis.run([await readPathCommand(c)]);
    return respond(c, outcome);
  });
  app.all("*", (c) => c.json({ error: `ERR method ${c.req.method} is not supported` }, 405));
  app.onError(onError);
  return app;
}

function onError(error: Error, c: Context): Response {
  if (error instanceof CommandError || error instanceof TransactionError) {
    return c.json({ error: error.message }, 400);
  }
  if (error instanceof RedisUnavailableError) {
    return c.json({ error: `ERR unavailable: ${error.message}` }, 503);
  }
  console.error("Request failed:", error);
  return c.json({ error: "ERR internal error" }, 500);
}

/** Commands that are refused fail on their own; the others of the pipeline run. */
async function runPipeline(
  redis: CommandRunner,
  values: readonly unknown[],
  encoding: ReplyEncoding,
): Promise<JsonOutcome[]> {
  const parsed = values.map((value): Command | { error: string } => {
    try {
      return parseCommand(value);
    } catch (error) {
      if (error instanceof CommandError) return { error: error.message };
      throw error;
    }
  });
  const outcomes = await redis.run(parsed.filter((entry) => "name" in entry));
  const ran = outcomes.values();
  return parsed.map((entry) => {
    const outcome: Outcome | undefined = "error" in entry ? entry : ran.next().value;
    return encodeOutcome(outcome ?? { error: "ERR no reply" }, encoding);
  });
}

function respond(c: Context, outcome: Outcome = { error: "ERR no reply" }): Response {
  return c.json(encodeOutcome(outcome, encodingOf(c)), "error" in outcome ? 400 : 200);
}

function encodingOf(c: Context): ReplyEncoding {
  return c.req.header("upstash-encoding")?.toLowerCase() === "base64" ? "base64" : "utf8";
}

async function readJson(c: Context, what: string): Promise<unknown> {
  try {
    return await c.req.json();
  } catch {
    throw new CommandError(`ERR failed to parse ${what}: the body is not JSON`);
  }
}

async function readCommands(c: Context, what: string): Promise<readonly unknown[]> {
  const commands = await readJson(c, what);
  if (!Array.isArray(commands) || commands.length === 0) {
    throw new CommandError(`ERR failed to parse ${what}: expected an array of commands`);
  }
  if (commands.length > MAX_COMMANDS) {
    throw new CommandError(`ERR ${what} has more than ${MAX_COMMANDS} commands`);
  }
  return commands;
}

/**
 * `/set/key/value/EX/100`, or the value as the body and what follows it as query: `/set/key?EX=100`.
 * The path is taken as it was sent: an argument may be empty, or `..`.
 */
async function readPathCommand(c: Context): Promise<Command> {
  const [, path = "", query = ""] = /^\w+:\/\/[^/?#]*\/([^?#]*)\??([^#]*)/.exec(c.req.url) ?? [];
  const [name = "", ...args]: CommandArgument[] = path.split("/").map(decode);
  if (c.req.method !== "GET") {
    const body = Buffer.from(await c.req.arrayBuffer());
    if (body.length > 0) args.push(body);
  }
  for (const [key, value] of new URLSearchParams(query)) {
    if (key !== "_token") args.push(key, ...(value === "" ? [] : [value]));
  }
  return makeCommand(String(name), args);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new CommandError("ERR failed to parse command: the path is not well encoded");
  }
}

/** Compares digests, so that the time it takes tells nothing about the token. */
function tokenChecker(token: string): (given: string) => boolean {
  const expected = digest(token);
  return (given) => timingSafeEqual(digest(given), expected);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
