import { createGateway, defineMethod, readConfig } from "@waygate/gateway";
import { z } from "zod";

const roll = defineMethod({
  params: z.object({ sides: z.int().min(2).max(100) }),
  result: z.object({ value: z.int() }),
  handler: ({ sides }) => ({ value: 1 + Math.floor(Math.random() * sides) }),
});
export const methods = { "dice.roll": roll };

if (import.meta.main) {
  const config = readConfig(Deno.env.toObject(), { development: true });
  const gateway = await createGateway({ config, methods });
  await gateway.start();
  Deno.serve({ port: config.port }, gateway.fetch);
}
