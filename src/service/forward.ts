import { z } from "zod";
import { type Bus, BusError, type BusHeaders } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import type { AnyMethod, MethodContext } from "../gateway/method.ts";
import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { Json, JsonObject } from "../protocol/json.ts";
import { PingParams as AnyParams } from "../protocol/schemas.ts";
import { traceHeaders } from "../telemetry/trace.ts";

const MAX_METHOD_LENGTH = 256;

/** What a service answers: one of the two. */
const ServiceReply = z.union([
  z.object({ error: z.object({ code: z.int(), message: z.string(), data: z.json().optional() }) }),
  z.object({ result: z.json() }),
]);

/** What {@linkcode createForwarder} works with. */
export interface ForwarderOptions {
  readonly bus: Bus;
  readonly subjects: Subjects;
  /** First parts of the methods that are forwarded. */
  readonly services: readonly string[];
  /** How long a service may take, in ms. */
  readonly timeoutMs: number;
}

/** A caller that can be told that it waits for somebody else. */
interface Waiter extends MethodContext {
  /** Runs `call`; meanwhile the caller's pings are answered. */
  whileAway<T>(call: () => Promise<T>): Promise<T>;
}

/**
 * Passes calls on to other services over the bus: the method `inventory.get` goes to the subject
 * `<prefix>.rpc.inventory.get` as a request with the params as JSON, and the headers
 * `Waygate-User` and `Waygate-Session` (see {@linkcode headerValue}). The reply is JSON, `{result}`
 * or `{error: {code, message, data?}}`.
 *
 * @returns the method that forwards calls of that name; undefined for one that is not forwarded
 */
export function createForwarder(
  options: ForwarderOptions,
): (method: string) => AnyMethod | undefined {
  const services = new Set(options.services);
  return (name) => {
    const dot = name.indexOf(".");
    const service = dot < 0 ? name : name.slice(0, dot);
    if (!services.has(service) || name.length > MAX_METHOD_LENGTH) return undefined;
    const subject = subjectOf(options.subjects, name);
    if (subject === undefined) return undefined;
    return {
      params: AnyParams,
      result: z.json(),
      handler: (params: JsonObject, caller: Waiter) =>
        caller.whileAway(() => forward(options, subject, service, params, caller)),
    };
  };
}

/**
 * A user's or session's id as the value of a header: every byte of its UTF-8 that is not printable
 * ASCII, and `%`, is written `%XX`. `decodeURIComponent` reads it back.
 */
export function headerValue(id: string): string {
  return /^[!-$&-~]+$/.test(id) ? id : id.replaceAll(/[^!-$&-~]+/g, encodeURIComponent);
}

function subjectOf(subjects: Subjects, method: string): string | undefined {
  try {
    return subjects.rpc(method);
  } catch {
    // An empty part, or half a surrogate pair: nobody can be subscribed to that.
    return undefined;
  }
}

async function forward(
  { bus, timeoutMs }: ForwarderOptions,
  subject: string,
  service: string,
  params: JsonObject,
  caller: MethodContext,
): Promise<Json> {
  const headers: BusHeaders = {
    ...traceHeaders(),
    "Waygate-User": headerValue(caller.userId),
    "Waygate-Session": caller.sessionId,
  };
  try {
    const options = { timeoutMs, headers, signal: caller.signal };
    const reply = await bus.request(subject, JSON.stringify(params), options);
    return resultOf(reply.data, subject);
  } catch (error) {
    // Nobody is there any more to read the answer.
    if (caller.signal.aborted) throw new RpcError(ErrorCode.unavailable, { part: "client" });
    if (!(error instanceof BusError)) throw error;
    if (error.reason === "too_large") throw new RpcError(ErrorCode.tooLarge);
    const part = error.reason === "unavailable" ? "nats" : service;
    throw new RpcError(ErrorCode.unavailable, { part, reason: error.reason });
  }
}

function resultOf(data: string, subject: string): Json {
  let reply: unknown;
  try {
    reply = JSON.parse(data);
  } catch {
    throw new Error(`The service on ${subject} answered with something that is not JSON`);
  }
  const parsed = ServiceReply.safeParse(reply);
  if (!parsed.success) {
    throw new Error(`The service on ${subject} answered with neither result nor error`);
  }
  if ("result" in parsed.data) return parsed.data.result;
  const { code, message, data: details } = parsed.data.error;
  throw new RpcError(code, details, message);
}
