import { apiReference } from "./api_reference.ts";
import { asyncApiDocument } from "./asyncapi.ts";
import { configurationReference } from "./configuration.ts";
import { readContractComments } from "./contract_comments.ts";
import { recordExchanges } from "./exchanges.ts";

/** Every generated document: its text by its path in the project. */
export async function generateDocuments(): Promise<ReadonlyMap<string, string>> {
  const recording = await recordExchanges();
  const asyncApi = asyncApiDocument(recording.description);
  return new Map([
    ["docs/api.md", apiReference(recording, await readContractComments())],
    ["docs/asyncapi.json", `${JSON.stringify(asyncApi, null, 2)}\n`],
    ["docs/configuration.md", configurationReference()],
  ]);
}
