/**
 * `deno task token SUB [--name N] [--scope S] [--ttl SECONDS]`: prints a token signed with
 * `JWT_SECRET`, or with the development key when that is not set.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { DEVELOPMENT_SECRET } from "../src/token_key.ts";
import { parseTokenRequest, signToken } from "../src/development_tokens.ts";

const USAGE = "Usage: deno task token SUB [--name N] [--scope S] [--ttl SECONDS]";

function readRequest(args: string[]): unknown {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      name: { type: "string" },
      scope: { type: "string" },
      ttl: { type: "string" },
    },
  });
  if (positionals.length !== 1) throw new TypeError(USAGE);
  return {
    sub: positionals[0],
    name: values.name,
    scope: values.scope,
    ...(values.ttl === undefined ? {} : { ttl_s: Number(values.ttl) }),
  };
}

try {
  const request = parseTokenRequest(readRequest(Deno.args));
  if (!request.success) {
    throw new TypeError(`${request.error.issues[0]?.message ?? "Invalid arguments"}. ${USAGE}`);
  }
  console.log(
    await signToken(request.data, {
      secret: Deno.env.get("JWT_SECRET") || DEVELOPMENT_SECRET,
      issuer: Deno.env.get("JWT_ISSUER") || undefined,
      audience: Deno.env.get("JWT_AUDIENCE") || undefined,
    }),
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
