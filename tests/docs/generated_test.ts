/** The generated documents: as the sources have them, and valid by the public schemas. */
import assert from "node:assert/strict";
import asyncApiSchemas from "@asyncapi/specs";
import * as jsonSchemaPackage from "@json-schema-tools/meta-schema";
import * as openRpcPackage from "@open-rpc/meta-schema";
import { Ajv, type AnySchemaObject, type ValidateFunction } from "ajv";
import { z } from "zod";
import { generateDocuments } from "../../docs/generate/documents.ts";
import { defineMethod } from "../../src/gateway.ts";
import type { Json, JsonObject } from "../../src/protocol/json.ts";
import { serveGateway } from "../gateway/local_gateway.ts";

const ROOT = new URL("../../", import.meta.url);

/** The packages' types say less than what they export. */
const { jsonSchema } = jsonSchemaPackage as unknown as { jsonSchema: AnySchemaObject };
const { openrpcDocument } = openRpcPackage as unknown as { openrpcDocument: AnySchemaObject };

const generated = await generateDocuments();

for (const [path, text] of generated) {
  Deno.test(`${path} is what "deno task docs" writes`, async () => {
    const kept = await Deno.readTextFile(new URL(path, ROOT)).catch(() => "");
    assert.equal(kept === text, true, `${path} is stale: run "deno task docs"`);
  });
}

Deno.test("generateDocuments() writes the same again", async () => {
  assert.deepEqual(await generateDocuments(), generated);
});

Deno.test("GET /openrpc.json is an OpenRPC document, with a game's own methods too", async () => {
  const grant = defineMethod({
    summary: "Gives an item to a player",
    scope: "shop",
    params: z.object({ item: z.string(), count: z.int().min(1).optional() }),
    result: z.object({ left: z.int() }),
    handler: () => ({ left: 1 }),
  });
  await using local = await serveGateway({ methods: { "inventory.grant": grant } });
  const document = await (await fetch(`${local.url}/openrpc.json`)).json();
  const validate = openRpcValidator();
  assert.equal(validate(document), true, JSON.stringify(validate.errors));
  assert.deepEqual(danglingReferences(document), []);
  assert.ok(document.methods.some(({ name }: { name: string }) => name === "inventory.grant"));

  document.methods[0].result.schema = { type: "no such type" };
  assert.equal(validate(document), false, "The validator takes anything");
});

Deno.test("docs/asyncapi.json is an AsyncAPI 3 document", () => {
  const document = JSON.parse(generated.get("docs/asyncapi.json") ?? "");
  const validate = asyncApiValidator();
  assert.equal(validate(document), true, JSON.stringify(validate.errors));
  assert.deepEqual(danglingReferences(document), []);

  document.operations.notifyPlayer.action = "shout";
  assert.equal(validate(document), false, "The validator takes anything");
});

/** Both schemas name drafts of JSON Schema that Ajv does not know by that name. */
function openRpcValidator(): ValidateFunction {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  for (const $id of ["https://meta.json-schema.tools", "https://meta.json-schema.tools/"]) {
    ajv.addSchema({ ...withoutDraft(jsonSchema), $id });
  }
  return ajv.compile(withoutDraft(openrpcDocument));
}

function asyncApiValidator(): ValidateFunction {
  const { "3.0.0": schema } = asyncApiSchemas.schemasWithoutId;
  return new Ajv({ strict: false, validateFormats: false }).compile(
    withoutDraft(schema as AnySchemaObject),
  );
}

function withoutDraft({ $schema: _, ...rest }: AnySchemaObject): AnySchemaObject {
  return rest;
}

/** References within a document that lead nowhere. */
function danglingReferences(document: JsonObject): string[] {
  return referencesIn(document).filter((reference) => {
    const steps = reference.replace(/^#\//, "").split("/");
    const target = steps.reduce<Json | undefined>(
      (value, step) => (value as JsonObject | undefined)?.[step],
      document,
    );
    return !reference.startsWith("#/") || target === undefined;
  });
}

function referencesIn(value: Json): string[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, member]) =>
    key === "$ref" && typeof member === "string" ? [member] : referencesIn(member)
  );
}
