/**
 * The methods that the examples of the JSON-RPC 2.0 specification call, with params by name, and some
 * that misbehave.
 *
 * @module
 */
import { z } from "zod";
import { defineMethod } from "../../src/gateway.ts";

/** Every notification that arrived, by method. */
export class Heard {
  readonly calls: { method: string; params: unknown }[] = [];
}

/** The methods of the specification's section 7. */
export function specMethods(heard: Heard = new Heard()) {
  const anything = z.looseObject({});
  const listen = (method: string) =>
    defineMethod({
      params: anything,
      result: z.null(),
      handler(params) {
        heard.calls.push({ method, params });
        return null;
      },
    });
  return {
    subtract: defineMethod({
      params: z.object({ minuend: z.number(), subtrahend: z.number() }),
      result: z.number(),
      handler: ({ minuend, subtrahend }) => minuend - subtrahend,
    }),
    sum: defineMethod({
      params: z.object({ values: z.array(z.number()) }),
      result: z.number(),
      // The same answer as a synchronous handler's, later.
      handler: async ({ values }) => {
        await Promise.resolve();
        return values.reduce((sum, value) => sum + value, 0);
      },
    }),
    get_data: defineMethod({
      params: anything,
      result: z.tuple([z.string(), z.number()]),
      handler: (): [string, number] => ["hello", 5],
    }),
    notify_hello: listen("notify_hello"),
    update: listen("update"),
  };
}
