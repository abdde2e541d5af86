import { z } from "zod";
import { EncodedOnce } from "../encoded_once.ts";
import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { Json } from "../protocol/json.ts";
import type { Counters, MethodCounter } from "../telemetry/counters.ts";
import { MethodCounter as Counter } from "../telemetry/counters.ts";
import { readCommonRequest, type RequestObject } from "./common_request.ts";
import { idOf, INVALID_ID, isEnvelope, parseMessage } from "./envelope.ts";
import { type ReportFailure, wireError } from "./failure.ts";
import { batchReply, errorReply, refusal, type Reply } from "./replies.ts";
import type { AnyMethod, MethodContext, MethodTable } from "./method.ts";

/** Who the router answers: the context of its calls, and a say in each further call of a batch. */
export interface Caller extends MethodContext {
  /** Whether the connection has ended: what it asked for and was not begun is not done. */
  readonly isOver: boolean;
  /** Whether one more call may run now; otherwise how long to wait, in ms. */
  admit(): number | undefined;
}

/** What the router needs to know. */
export interface RouterOptions {
  readonly methods: MethodTable;
  readonly maxBatch: number;
  readonly counters: Counters;
  readonly report: ReportFailure;
  /** Told of each call that is answered with an error before its method runs. */
  readonly onRefused?: ((method: string, code: ErrorCode) => void) | undefined;
  /** Takes the calls of methods that are not in the table; undefined when it knows none of that name. */
  readonly forward?: (method: string) => AnyMethod | undefined;
}

interface Route {
  readonly method: AnyMethod;
  /** Those of the method, compiled: params that are valid pass quickly, others as ever. */
  readonly params: AnyMethod["params"];
  readonly counter: MethodCounter;
}

/** Routes JSON-RPC 2.0 messages to methods. A method that does not wait is answered without waiting. */
export class Router {
  readonly #routes = new Map<string, Route>();
  readonly #options: RouterOptions;
  readonly #counters: Counters;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#counters = options.counters;
    for (const [name, method] of Object.entries(options.methods)) {
      const counter = new Counter();
      options.counters.methods.set(name, counter);
      this.#routes.set(name, { method, params: z.compile(method.params), counter });
    }
  }

  /** Answers one frame. Never throws, never rejects. */
  handle(text: string, caller: Caller): Reply | Promise<Reply> {
    const request = readCommonRequest(text);
    if (request !== undefined) return this.#run(request, caller);
    let message: unknown;
    try {
      message = parseMessage(text);
    } catch {
      return this.#failed("null", ErrorCode.parseError);
    }
    return Array.isArray(message) ? this.#batch(message, caller) : this.#call(message, caller);
  }

  /** Answers one frame that the rate limit refuses. Of a batch that is the first call: each counts for itself. */
  refuse(text: string, retryAfterMs: number, caller: Caller): Reply | Promise<Reply> {
    let message: unknown;
    try {
      message = parseMessage(text);
    } catch {
      return this.#failed("null", ErrorCode.parseError);
    }
    return Array.isArray(message)
      ? this.#batch(message, caller, retryAfterMs)
      : this.#limited(message, retryAfterMs);
  }

  /** The reply to a frame that was too large to be looked at. */
  tooLarge(limitBytes: number): string {
    return this.#failed("null", ErrorCode.tooLarge, { max_message_bytes: limitBytes });
  }

  /** @param firstWaitMs how long the first call has to wait, when it was refused with its frame */
  #batch(
    entries: readonly unknown[],
    caller: Caller,
    firstWaitMs?: number,
  ): Reply | Promise<Reply> {
    return this.#unfit(entries) ?? this.#batchFrom(0, entries, [], caller, firstWaitMs);
  }

  /** What a batch is refused with that is empty or too long. */
  #unfit({ length }: readonly unknown[]): string | undefined {
    const { maxBatch } = this.#options;
    if (length === 0) return this.#failed("null", ErrorCode.invalidRequest);
    if (length <= maxBatch) return undefined;
    return this.#failed("null", ErrorCode.invalidRequest, { max_batch: maxBatch });
  }

  #batchFrom(
    start: number,
    entries: readonly unknown[],
    replies: Reply[],
    caller: Caller,
    firstWaitMs?: number,
  ): Reply | Promise<Reply> {
    for (let index = start; index < entries.length && !caller.isOver; index++) {
      // The frame itself was judged as its first call.
      const waitMs = index === 0 ? firstWaitMs : caller.admit();
      const reply = waitMs === undefined
        ? this.#call(entries[index], caller)
        : this.#limited(entries[index], waitMs);
      if (reply instanceof Promise) {
        return reply.then((settled) => {
          replies.push(settled);
          return this.#batchFrom(index + 1, entries, replies, caller);
        });
      }
      replies.push(reply);
    }
    return batchReply(replies);
  }

  #call(message: unknown, caller: Caller): Reply | Promise<Reply> {
    if (!isEnvelope(message)) return this.#failed("null", ErrorCode.invalidRequest);
    const id = idOf(message);
    if (id === INVALID_ID) return this.#failed("null", ErrorCode.invalidRequest);
    return this.#run({ id, method: message.method, params: message.params }, caller);
  }

  #run(request: RequestObject, caller: Caller): Reply | Promise<Reply> {
    const { id, method } = request;
    const route = this.#route(method);
    if (route === undefined) {
      this.#counters.unknownMethod.calls++;
      this.#options.onRefused?.(method, ErrorCode.methodNotFound);
      return this.#failed(id, ErrorCode.methodNotFound);
    }
    const startedAt = route.counter.begin() ? performance.now() : 0;
    let outcome: unknown;
    try {
      outcome = this.#invoke(route, request, caller);
    } catch (error) {
      return this.#finish(id, route, startedAt, this.#thrown(id, error));
    }
    if (outcome instanceof Promise) {
      return outcome.then(
        (result) => this.#finish(id, route, startedAt, this.#succeeded(id, result)),
        (error) => this.#finish(id, route, startedAt, this.#thrown(id, error)),
      );
    }
    return this.#finish(id, route, startedAt, this.#succeeded(id, outcome));
  }

  #route(name: string): Route | undefined {
    const route = this.#routes.get(name);
    if (route !== undefined) return route;
    const method = this.#options.forward?.(name);
    return method && { method, params: method.params, counter: this.#counters.unknownMethod };
  }

  #invoke(route: Route, { method: name, params }: RequestObject, caller: Caller): unknown {
    const { method } = route;
    if (method.scope !== undefined && !caller.scopes.has(method.scope)) {
      throw this.#refused(name, ErrorCode.forbidden, { required: method.scope });
    }
    if (Array.isArray(params)) {
      throw this.#refused(name, ErrorCode.invalidParams, {
        issues: [{ path: [], message: "Params go by name: send an object" }],
      });
    }
    const checked = route.params.safeParse(params ?? {});
    if (!checked.success) {
      const issues = checked.error.issues.map(({ path, message }) => ({
        path: path.map((part) => typeof part === "number" ? part : String(part)),
        message,
      }));
      throw this.#refused(name, ErrorCode.invalidParams, { issues });
    }
    return method.handler(checked.data, caller);
  }

  #refused(method: string, code: ErrorCode, data: Json): RpcError {
    this.#options.onRefused?.(method, code);
    return new RpcError(code, data);
  }

  #finish(id: string | undefined, route: Route, startedAt: number, reply: string): Reply {
    if (startedAt !== 0) route.counter.observe(performance.now() - startedAt);
    return id === undefined ? undefined : reply;
  }

  #succeeded(id: string | undefined, result: unknown): string {
    if (id === undefined) return "";
    try {
      const before = `{"jsonrpc":"2.0","id":${id},"result":`;
      if (result instanceof EncodedOnce) return result.within(before, "}");
      return `${before}${JSON.stringify(result) ?? "null"}}`;
    } catch (error) {
      return this.#thrown(id, error);
    }
  }

  #thrown(id: string | undefined, error: unknown): string {
    const { report } = this.#options;
    const failure = wireError(error, report);
    this.#counters.errors.add(failure.code);
    if (id === undefined) return "";
    try {
      return errorReply(id, failure);
    } catch (unserializable) {
      return errorReply(id, wireError(unserializable, report));
    }
  }

  /** The error reply; a notification gets none (JSON-RPC 2.0 §4.1). */
  #failed(id: "null", code: ErrorCode, data?: Json): string;
  #failed(id: string | undefined, code: ErrorCode): Reply;
  #failed(
    id: string | undefined,
    code: ErrorCode,
    data?: Json,
  ): Reply {
    this.#counters.errors.add(code);
    return id === undefined ? undefined : refusal(id, code, data);
  }

  #limited(message: unknown, retryAfterMs: number): Reply {
    if (!isEnvelope(message)) return this.#failed("null", ErrorCode.invalidRequest);
    const id = idOf(message);
    if (id === INVALID_ID) return this.#failed("null", ErrorCode.invalidRequest);
    this.#counters.errors.add(ErrorCode.rateLimited);
    this.#options.onRefused?.(message.method, ErrorCode.rateLimited);
    if (id === undefined) return undefined;
    return refusal(id, ErrorCode.rateLimited, { retry_after_ms: retryAfterMs });
  }
}
