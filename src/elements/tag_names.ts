/**
 * Tells TypeScript the elements' tag names, so that `document.querySelector("waygate-status")` has
 * its class.
 *
 * @module
 */
import type { WaygatePresenceElement } from "./presence_element.ts";
import type { WaygateStatusElement } from "./status_element.ts";

declare global {
  interface HTMLElementTagNameMap {
    "waygate-status": WaygateStatusElement;
    "waygate-presence": WaygatePresenceElement;
  }
}
