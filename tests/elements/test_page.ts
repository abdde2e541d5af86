/**
 * The script of the page that the elements' tests look at.
 *
 * @module
 */
import "../../src/elements/elements.ts";
import { StubClient } from "./stub_client.ts";

/** What a test can reach from outside. */
export interface TestPage {
  readonly client: StubClient;
}

Object.assign(globalThis, { client: new StubClient() } satisfies TestPage);
