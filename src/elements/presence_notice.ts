import type { ParamsIssue } from "../client/client.ts";
import { newElement, setText } from "./new_element.ts";

/** What a list of players comes to. */
export interface PresenceListing {
  /** How many are listed, and how many of them the filter lets through. */
  readonly listed: number;
  readonly shown: number;
  /** Whether that is known to be everyone. */
  readonly current: boolean;
  readonly filter: string;
  /** Why the server refused the list; null when it did not. */
  readonly refusal: unknown;
}

/** What is said where players are not to be seen. */
export class PresenceNotice {
  /** In the place of the players. */
  readonly empty: HTMLElement = newElement("p", { class: "empty", part: "empty" });
  /** Spoken at once, for it will not pass by itself. */
  readonly refused: HTMLElement = newElement("p", {
    class: "refused",
    part: "refused",
    role: "alert",
  });

  show(listing: PresenceListing): void {
    const { refusal } = listing;
    showText(this.refused, refusal === null ? "" : refusalWords(refusal));
    showText(this.empty, emptyWords(listing));
  }
}

function emptyWords({ current, filter, listed, refusal, shown }: PresenceListing): string {
  if (listed > 0) return shown > 0 ? "" : `Nobody matches “${filter.trim()}”`;
  if (current) return "Nobody is here yet";
  return refusal === null ? "Waiting for the list of players…" : "";
}

/** The server says what is wrong with which param, or has a word for it. */
function refusalWords(error: unknown): string {
  const { data, message } = Object(error) as {
    readonly data?: unknown;
    readonly message?: unknown;
  };
  const { issues } = Object(data) as { readonly issues?: unknown };
  const found = Array.isArray(issues) ? issues.map(issueWords).join("; ") : "";
  return `The server refused the list of players: ${found || message}.`;
}

function issueWords({ path: [param = "params"], message }: ParamsIssue): string {
  return `${param}: ${message}`;
}

function showText(element: HTMLElement, text: string): void {
  setText(element, text);
  element.hidden = text === "";
}
