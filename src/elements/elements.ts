/**
 * Web components on a Waygate client: `<waygate-status>` shows the connection, `<waygate-presence>`
 * who is online. Importing this module defines both, where there are custom elements; on a server it
 * does nothing.
 *
 * Both take the client as a property and nothing else is needed:
 *
 * ```html
 * <waygate-status></waygate-status>
 * <waygate-presence selectable></waygate-presence>
 * ```
 *
 * @example
 * ```ts
 * import { WaygateClient } from "@waygate/gateway/client";
 * import "@waygate/gateway/elements";
 *
 * function enter(client: WaygateClient): void {
 *   for (const tag of ["waygate-status", "waygate-presence"] as const) {
 *     const element = document.querySelector(tag);
 *     if (element !== null) element.client = client;
 *   }
 *   client.connect();
 * }
 * ```
 *
 * Looks: set `--waygate-font`, `-surface`, `-hover`, `-text`, `-muted`, `-border`, `-accent`,
 * `-on-accent`, `-online`, `-away`, `-busy`, `-offline` and `-radius`, or style the parts. Light or
 * dark follows the page's `color-scheme`.
 *
 * @module
 */
import { WaygatePresenceElement } from "./presence_element.ts";
import { WaygateStatusElement } from "./status_element.ts";

export type { ClientElement } from "./client_element.ts";
export { type PresenceClient, WaygatePresenceElement } from "./presence_element.ts";
export { type StatusClient, WaygateStatusElement } from "./status_element.ts";
// Nothing by name: whoever imports this module gets the tag names typed with it.
export type {} from "./tag_names.ts";

const TAGS: Readonly<Record<string, CustomElementConstructor>> = {
  "waygate-status": WaygateStatusElement,
  "waygate-presence": WaygatePresenceElement,
};

const registry: CustomElementRegistry | undefined = globalThis.customElements;
if (registry !== undefined) {
  for (const [tag, element] of Object.entries(TAGS)) {
    // A page may have loaded this module in two bundles; the first definition stays.
    if (registry.get(tag) === undefined) registry.define(tag, element);
  }
}
