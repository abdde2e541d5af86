import type { z } from "zod";

/** Who calls, and what a handler may do for them beyond its result. */
export interface MethodContext {
  /** The caller's session, as `system.welcome` reports it. */
  readonly sessionId: string;
  /** The `sub` of the caller's token. */
  readonly userId: string;
  /** Display name, from the token. */
  readonly name: string | undefined;
  /** What the token allows, from its `scope`. */
  readonly scopes: ReadonlySet<string>;
  /** Aborted when the connection ends: nobody waits for the result any more. */
  readonly signal: AbortSignal;
  /** Sends this connection a notification; `params` must be plain JSON. */
  notify(method: string, params: unknown): void;
}

/**
 * A schema of the `zod` package with this output.
 *
 * @internal
 */
type Schema<Output> = z.ZodType<Output>;

/** A JSON-RPC method: schemas, and what it does. */
export interface Method<Params, Result, Context extends MethodContext = MethodContext> {
  /** Params by name; what does not fit is answered with -32602 and the issues. */
  readonly params: Schema<Params>;
  /** Shape of the result, for the OpenRPC document and the client's types. */
  readonly result: Schema<Result>;
  /** Scope that the caller's token must have. */
  readonly scope?: string;
  /** One line for the OpenRPC document. */
  readonly summary?: string;
  /**
   * Answers the call, at once where nothing has to be waited for. What it throws becomes the error:
   * an `RpcError` as it is, anything else as an internal error that tells the caller nothing.
   */
  handler(params: Params, context: Context): Result | Promise<Result>;
}

/** Any method: a table mixes them; each one's own types were checked where it was defined. */
// deno-lint-ignore no-explicit-any
export type AnyMethod = Method<any, any, any>;

/** Methods by name. Names are namespaced by dots, `inventory.get`; `rpc.` is reserved (JSON-RPC 2.0 §8). */
export type MethodTable = Readonly<Record<string, AnyMethod>>;

/** The types of a table, as the client SDK takes them: `new WaygateClient<Methods & TypesOf<typeof table>>`. */
export type TypesOf<Table extends MethodTable> = {
  [Name in keyof Table]: Table[Name] extends Method<infer Params, infer Result, never>
    ? { params: Params; result: Result }
    : never;
};

/**
 * Defines a method with the types of its schemas.
 *
 * @example
 * ```ts
 * import { z } from "zod";
 * import { defineMethod } from "./method.ts";
 *
 * export const greet = defineMethod({
 *   params: z.object({ whom: z.string() }),
 *   result: z.object({ text: z.string() }),
 *   handler: ({ whom }) => ({ text: `Hello, ${whom}` }),
 * });
 * ```
 */
export function defineMethod<Params, Result>(
  method: Method<Params, Result>,
): Method<Params, Result> {
  return method;
}
