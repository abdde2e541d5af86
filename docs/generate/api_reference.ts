import type { JsonObject } from "../../src/protocol/json.ts";
import { closeTable, errorTable } from "./code_tables.ts";
import type { ContractComments } from "./contract_comments.ts";
import type { Recording } from "./exchanges.ts";
import { GENERATED_NOTE, table } from "./markdown.ts";
import type { WireLine } from "./recorder.ts";
import { schemaWords } from "./schema_words.ts";

interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonObject;
}

interface Described {
  readonly name: string;
  readonly summary: string;
  readonly tags: readonly { readonly name: string }[];
  readonly params: readonly Field[];
  readonly result?: { readonly schema: JsonObject };
  readonly errors?: readonly { readonly code: number; readonly message: string }[];
}

/** What the schemas cannot say. */
const NOTES: Readonly<Record<string, string>> = {
  "system.ping": "Params are any object.",
  "player.updatePresence": "At least one of the two is needed.",
  "session.resume": "Send it as the first message of a connection; what was missed follows it.",
  "presence.subscribe": "No update between the snapshot and the first notification is lost.",
};

const LINE_WIDTH = 100;

/** Writes `docs/api.md`. */
export function apiReference(recording: Recording, comments: ContractComments): string {
  const described = recording.description["methods"] as unknown as readonly Described[];
  const methods = described.filter(({ result }) => result !== undefined);
  const notifications = described.filter(({ result }) => result === undefined);
  const section = (item: Described) => describe(item, recording, comments);
  return [
    GENERATED_NOTE,
    "# API reference",
    "Every method and notification of the gateway. The words behind them are in " +
    "[the wire contract](protocol.md); a running gateway serves the same as an OpenRPC document " +
    "at `GET /openrpc.json`, and [asyncapi.json](asyncapi.json) describes what it sends unasked. " +
    "The examples were recorded (`→` client to gateway, `←` gateway to client); ids, times and " +
    "tokens are made up.",
    contents("Methods", methods),
    contents("Notifications", notifications),
    "Also: [Presence](#presence), [error codes](#error-codes), [close codes](#close-codes).",
    "## Methods",
    ...methods.map(section),
    "## Notifications",
    ...notifications.map(section),
    "## Presence",
    presence(recording.description, comments),
    "A location is 1 to 64 of `A–Z a–z 0–9 _ : . -`. Times are ISO 8601 in UTC with milliseconds.",
    "## Error codes",
    "In replies, in `system.error`, and in the bodies of HTTP errors.",
    errorTable(),
    "## Close codes",
    closeTable(),
  ].join("\n\n") + "\n";
}

function contents(title: string, items: readonly Described[]): string {
  const rows = items.map(({ name, summary }) => [`[\`${name}\`](#${anchor(name)})`, summary]);
  return table([title.toLowerCase(), ""], rows);
}

/** As GitHub makes the anchor of a heading. */
function anchor(name: string): string {
  return name.toLowerCase().replaceAll(".", "");
}

function describe(item: Described, recording: Recording, comments: ContractComments): string {
  const { name, summary, params, tags, result, errors } = item;
  const scope = tags.map((tag) => /^scope:(.+)$/.exec(tag.name)?.[1]).find((found) => found);
  const words = comments.fields.get(comments.params.get(name) ?? "");
  const note = NOTES[name];
  return [
    `### ${name}`,
    `${summary}.${scope === undefined ? "" : ` Needs the scope \`${scope}\`.`}`,
    ...(note === undefined ? [] : [note]),
    ...(params.length === 0 ? [] : ["Params:", fieldTable(params, words)]),
    ...(result === undefined ? [] : [resultWords(name, result.schema, comments)]),
    ...(errors === undefined ? [] : [`Errors: ${errors.map(errorWords).join(", ")}.`]),
    exchange(name, recording.exchanges.get(name)),
  ].join("\n\n");
}

function errorWords({ code, message }: { code: number; message: string }): string {
  return `${code} ${message}`;
}

function resultWords(name: string, schema: JsonObject, comments: ContractComments): string {
  if (schema["$ref"] !== undefined) return `Result: ${schemaWords(schema)}.`;
  const fields = fieldsOf(schema);
  if (fields.length === 0) {
    return name === "rpc.discover" ? "Result: the document." : "Result: `{}`.";
  }
  const words = comments.fields.get(comments.results.get(name) ?? "");
  return `Result:\n\n${fieldTable(fields, words)}`;
}

function fieldsOf(schema: JsonObject): readonly Field[] {
  const required = (schema["required"] ?? []) as readonly string[];
  const properties = (schema["properties"] ?? {}) as Record<string, JsonObject>;
  return Object.entries(properties).map(([name, property]) => ({
    name,
    required: required.includes(name),
    schema: property,
  }));
}

function fieldTable(
  fields: readonly Field[],
  words: ReadonlyMap<string, string> | undefined,
): string {
  const rows = fields.map(({ name, required, schema }) => [
    `\`${name}\`${required ? "" : " (optional)"}`,
    schemaWords(schema),
    words?.get(name) ?? descriptionOf(schema),
  ]);
  return table(["name", "type", ""], rows);
}

function descriptionOf(schema: JsonObject): string {
  return typeof schema["description"] === "string" ? schema["description"] : "";
}

function presence(description: JsonObject, comments: ContractComments): string {
  const { schemas } = description["components"] as { schemas: Record<string, JsonObject> };
  return fieldTable(fieldsOf(schemas["Presence"] ?? {}), comments.fields.get("Presence"));
}

function exchange(name: string, lines: readonly WireLine[] | undefined): string {
  if (lines === undefined) throw new Error(`No exchange was recorded for ${name}: play one`);
  const written = lines.map(({ from, message }) =>
    `${from === "client" ? "→" : "←"} ${jsonText(message)}`
  );
  return ["```text", ...written, "```"].join("\n");
}

/** JSON on one line where it fits, else one line for each member. */
function jsonText(message: JsonObject): string {
  const short = JSON.stringify(message);
  return short.length <= LINE_WIDTH ? short : JSON.stringify(message, null, 2);
}
