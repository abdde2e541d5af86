import type {
  AnnouncementLevel,
  EventTarget,
  Presence,
  WaygateClient,
} from "../../client/client.ts";
import { displayName } from "../../elements/presence_row.ts";
import { CHAT } from "./chat.ts";
import { failureWords } from "./failure_words.ts";
import { find, showText } from "./find.ts";
import type { MessageFeed } from "./message_feed.ts";
import { suggestLocations, suggestPlayers } from "./suggestions.ts";

type Kind = "location" | "user" | "everyone";

const LABELS: Readonly<Record<Kind, string>> = {
  location: "Which location",
  user: "Which player",
  everyone: "",
};

/** Writes to a player, to a location or, as an administrator, to everyone. */
export class Composer {
  readonly #client: WaygateClient;
  readonly #feed: MessageFeed;
  readonly #kind = find("to-kind", HTMLSelectElement);
  readonly #to = find("to", HTMLInputElement);
  readonly #level = find("level", HTMLSelectElement);
  readonly #text = find("text", HTMLInputElement);
  readonly #error = find("composer-error", HTMLElement);
  /** What was written for each kind, to be there again when it is chosen again. */
  readonly #targets: Record<Kind, string> = { location: "lobby", user: "", everyone: "" };
  #current: Kind = "location";

  /** @param admin whether the player may announce */
  constructor(client: WaygateClient, feed: MessageFeed, admin: boolean) {
    this.#client = client;
    this.#feed = feed;
    const everyone = this.#kind.querySelector<HTMLOptionElement>("[value=everyone]");
    if (everyone !== null) everyone.hidden = everyone.disabled = !admin;
    this.#kind.addEventListener("change", () => this.#choose(this.#kind.value as Kind));
    this.#to.addEventListener("focus", () => this.#suggest());
    find("composer", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Begins a message to a player. */
  writeTo({ user_id }: Presence): void {
    this.#choose("user");
    this.#to.value = user_id;
    this.#text.focus();
  }

  #choose(kind: Kind): void {
    this.#targets[this.#current] = this.#to.value;
    this.#current = kind;
    this.#kind.value = kind;
    this.#to.value = this.#targets[kind];
    this.#to.hidden = kind === "everyone";
    this.#level.hidden = kind !== "everyone";
    this.#to.setAttribute("aria-label", LABELS[kind]);
    showText(this.#error, "");
  }

  #suggest(): void {
    const list = find("to-options", HTMLDataListElement);
    if (this.#current === "user") suggestPlayers(this.#client, list);
    else suggestLocations(this.#client, list);
  }

  async #submit(): Promise<void> {
    const text = this.#text.value.trim();
    const target = this.#to.value.trim();
    if (this.#current !== "everyone" && target === "") {
      return this.#complain("Say to whom.", this.#to);
    }
    if (text === "") return this.#complain("Write something first.", this.#text);
    showText(this.#error, "");
    try {
      await this.#send(text, target);
      this.#text.value = "";
    } catch (error) {
      this.#complain(failureWords(error), this.#text);
    }
  }

  async #send(text: string, target: string): Promise<void> {
    if (this.#current === "everyone") {
      const level = this.#level.value as AnnouncementLevel;
      await this.#client.call("system.announce", { message: text, level });
      return;
    }
    const to: EventTarget = this.#current === "user"
      ? { user_id: this.#userIdOf(target) }
      : { location: target };
    const payload = { text };
    const { event_id } = await this.#client.call("player.sendEvent", { to, type: CHAT, payload });
    const from = this.#client.welcome?.user_id ?? null;
    this.#feed.add({ event_id, from, to, type: CHAT, payload, sent_at: new Date().toISOString() });
  }

  /** Takes the id, or the name of the one online player who has it. */
  #userIdOf(text: string): string {
    const users = this.#client.presence.users();
    if (users.has(text)) return text;
    const name = text.toLowerCase();
    const named = [...users.values()].filter((user) => displayName(user).toLowerCase() === name);
    const [only] = named;
    return named.length === 1 && only !== undefined ? only.user_id : text;
  }

  #complain(text: string, field: HTMLElement): void {
    showText(this.#error, text);
    field.focus();
  }
}
