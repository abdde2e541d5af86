/**
 * Writes the documents that are generated from the sources: `deno task docs`.
 *
 * @module
 */
import { generateDocuments } from "./documents.ts";

for (const [path, text] of await generateDocuments()) {
  await Deno.writeTextFile(new URL(`../../${path}`, import.meta.url), text);
  console.log(path);
}
