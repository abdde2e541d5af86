import { defineMethod } from "@waygate/gateway";
import { runGateway } from "@waygate/gateway/main";
import { z } from "zod";

const roll = defineMethod({
  params: z.object({ sides: z.int().min(2).max(100) }),
  result: z.object({ value: z.int() }),
  handler: ({ sides }) => ({ value: 1 + Math.floor(Math.random() * sides) }),
});
export const methods = { "dice.roll": roll };

if (import.meta.main) {
  Deno.exit(await runGateway({ methods, development: Deno.args.includes("--dev") }));
}
