import { VARIABLES } from "../../src/config_variables.ts";
import { GENERATED_NOTE, table } from "./markdown.ts";

/** Writes `docs/configuration.md`. */
export function configurationReference(): string {
  const rows = Object.entries(VARIABLES).map(([name, variable]) => [
    `\`${name}\``,
    variable.default === "" ? "–" : variable.default,
    variable.description,
  ]);
  return [
    GENERATED_NOTE,
    "# Configuration",
    "The gateway is configured by environment variables alone. An empty variable counts as unset. " +
    "A wrong value stops the start: each variable at fault gets one clear line on standard " +
    "error, and the exit status is 1. Names that end in `_MS` are milliseconds, in `_BYTES` bytes.",
    table(["variable", "default", ""], rows),
    "Exactly one of `JWT_SECRET`, `JWT_PUBLIC_KEY` and `JWT_JWKS_URL` is needed, except in " +
    "development mode, where the gateway signs its own tokens. See " +
    "[authentication](guides/authentication.md).",
  ].join("\n\n") + "\n";
}
