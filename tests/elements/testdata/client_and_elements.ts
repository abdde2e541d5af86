export * from "../../../src/client/client.ts";
export * from "../../../src/elements/elements.ts";
