/**
 * Traces through Deno's own OpenTelemetry, where `OTEL_DENO=true` turns it on: a span for each request,
 * carried on to the services that answer it. When it is off, methods are left as they are.
 *
 * @module
 */
import type { BusHeaders } from "../bus/bus.ts";
import type { AnyMethod, MethodTable } from "../gateway/method.ts";
import { ErrorCode, RpcError } from "../protocol/errors.ts";
import { VERSION } from "../version.ts";

/** What is used of OpenTelemetry's spans; Deno's types leave them open. */
interface Span {
  spanContext(): {
    readonly traceId: string;
    readonly spanId: string;
    readonly traceFlags: number;
  };
  setAttribute(name: string, value: string | number): void;
  setStatus(status: { readonly code: number; readonly message?: string }): void;
  end(): void;
}

interface Tracer {
  startSpan(name: string, options?: object): Span;
  startActiveSpan<T>(name: string, options: object, body: (span: Span) => T): T;
}

/** `SpanKind.SERVER` and `SpanStatusCode.ERROR` of OpenTelemetry's API. */
const SERVER = 1;
const ERROR = 2;
/** Where OpenTelemetry's API keeps the current span. */
const CURRENT = Symbol.for("OpenTelemetry Context Key SPAN");
const NONE: BusHeaders = {};
const SYSTEM = { "rpc.system": "jsonrpc" };

const tracer = findTracer();

/** The same methods, each call of which is a span with the method's name and how it ended. */
export function traceMethods(methods: MethodTable): MethodTable {
  if (tracer === undefined) return methods;
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [name, traced(tracer, name, name, method)]),
  );
}

/** The same, for methods that are found by name; their spans have the name of the service. */
export function traceLookup(
  find: (method: string) => AnyMethod | undefined,
): (method: string) => AnyMethod | undefined {
  if (tracer === undefined) return find;
  return (name) => {
    const method = find(name);
    // Clients make the rest of the name up: a span's name must not be theirs.
    return method && traced(tracer, name.split(".", 1)[0] ?? "", name, method);
  };
}

/** What a method that nobody defined is called: clients make its name up. */
const UNKNOWN = "unknown";
/** Names that a span may show although a client made them up. */
const PLAIN_NAME = /^[A-Za-z][\w.]{0,63}$/;

/**
 * Makes a span of each call that is refused before its method runs: nobody defined it, the params are
 * wrong, a scope is missing, the rate is too high. Undefined where there is no tracing.
 */
export function traceRefusals(
  methods: MethodTable,
): ((method: string, code: number) => void) | undefined {
  if (tracer === undefined) return undefined;
  const by = tracer;
  return (method, code) => {
    const span = by.startSpan(Object.hasOwn(methods, method) ? method : UNKNOWN, {
      kind: SERVER,
      root: true,
      attributes: {
        ...SYSTEM,
        ...(PLAIN_NAME.test(method) ? { "rpc.method": method } : {}),
      },
    });
    endFailed(span, code, "Refused");
  };
}

/** Headers that carry the current span to who handles a message (W3C Trace Context, `traceparent`). */
export function traceHeaders(): BusHeaders {
  if (tracer === undefined) return NONE;
  const span: Span | undefined = Deno.telemetry.contextManager.active().getValue(CURRENT);
  if (span === undefined) return NONE;
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}` };
}

function traced(by: Tracer, spanName: string, name: string, method: AnyMethod): AnyMethod {
  const attributes = { ...SYSTEM, "rpc.method": name };
  return {
    ...method,
    // A connection's span is no parent: it would hold a whole evening.
    handler: (params, caller) =>
      by.startActiveSpan(spanName, { kind: SERVER, root: true, attributes }, (span) => {
        try {
          const outcome = method.handler(params, caller);
          if (!(outcome instanceof Promise)) {
            span.end();
            return outcome;
          }
          return outcome.then((result) => {
            span.end();
            return result;
          }, (error) => fail(span, error));
        } catch (error) {
          return fail(span, error);
        }
      }),
  };
}

function fail(span: Span, error: unknown): never {
  const code = error instanceof RpcError ? error.code : ErrorCode.internal;
  // The kind of the error; its message may hold what a player wrote.
  endFailed(span, code, error instanceof Error ? error.name : "Error");
  throw error;
}

function endFailed(span: Span, code: number, kind: string): void {
  span.setAttribute("rpc.jsonrpc.error_code", code);
  span.setStatus({ code: ERROR, message: kind });
  span.end();
}

function findTracer(): Tracer | undefined {
  const found: Tracer = Deno.telemetry.tracerProvider.getTracer("waygate", VERSION);
  try {
    // Never ended, so never sent: without OpenTelemetry it throws.
    found.startSpan("probe");
    return found;
  } catch {
    return undefined;
  }
}
