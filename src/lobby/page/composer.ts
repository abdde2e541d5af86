import type {
  AnnouncementLevel,
  EventTarget,
  Presence,
  WaygateClient,
} from "../../client/client.ts";
import { CHAT } from "./chat.ts";
import { failureWords } from "./failure_words.ts";
import { find, showText } from "./find.ts";
import type { MessageFeed } from "./message_feed.ts";
import { recipientById, recipientInSight } from "./recipient.ts";
import { suggestLocations, suggestPlayers } from "./suggestions.ts";

type Kind = "location" | "user" | "everyone";

const LABELS: Readonly<Record<Kind, string>> = {
  location: "Which location",
  user: "Which player",
  everyone: "",
};

/** A message as it was when it was sent: the form may say something else since. */
interface Draft {
  readonly kind: Kind;
  readonly target: string;
  readonly level: AnnouncementLevel;
  readonly text: string;
}

/** Writes to a player, to a location or, as an administrator, to everyone. */
export class Composer {
  readonly #client: WaygateClient;
  readonly #feed: MessageFeed;
  readonly #kind = find("to-kind", HTMLSelectElement);
  readonly #to = find("to", HTMLInputElement);
  readonly #level = find("level", HTMLSelectElement);
  readonly #text = find("text", HTMLInputElement);
  readonly #button = find("send", HTMLButtonElement);
  readonly #error = find("composer-error", HTMLElement);
  /** What was written for each kind, to be there again when it is chosen again. */
  readonly #targets: Record<Kind, string> = { location: "lobby", user: "", everyone: "" };
  #current: Kind = "location";
  #sending = false;
  /** The message that is under way or failed: tried again unchanged, it arrives once. */
  #last: { readonly message: string; readonly key: string } | null = null;

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
      if (!this.#sending) this.#submit();
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

  #submit(): void {
    const draft = this.#read();
    const { kind, target, text } = draft;
    if (kind !== "everyone" && target === "") return this.#complain("Say to whom.", this.#to);
    if (text === "") return this.#complain("Write something first.", this.#text);
    let seen: string | null = null;
    try {
      if (kind === "user") seen = recipientInSight(this.#client, target);
    } catch (error) {
      return this.#complain(failureWords(error), this.#to);
    }
    this.#send(draft, seen);
  }

  #read(): Draft {
    return {
      kind: this.#current,
      target: this.#to.value.trim(),
      level: this.#level.value as AnnouncementLevel,
      text: this.#text.value.trim(),
    };
  }

  /** @param seen the id of the player it is for, where that is known without asking */
  async #send(draft: Draft, seen: string | null): Promise<void> {
    this.#setSending(true);
    showText(this.#error, "");
    // At once, so that the next message can be written while this one is on its way.
    this.#text.value = "";
    try {
      if (draft.kind === "everyone") await this.#announce(draft);
      else await this.#tell(draft, await this.#targetOf(draft, seen));
    } catch (error) {
      if (this.#text.value === "") this.#text.value = draft.text;
      // Not with the focus, which may be anywhere by now.
      showText(this.#error, failureWords(error));
    } finally {
      this.#setSending(false);
    }
  }

  async #targetOf({ kind, target }: Draft, seen: string | null): Promise<EventTarget> {
    if (kind === "location") return { location: target };
    return { user_id: seen ?? await recipientById(this.#client, target) };
  }

  async #announce({ level, text }: Draft): Promise<void> {
    await this.#client.call("system.announce", { message: text, level });
  }

  async #tell({ text }: Draft, to: EventTarget): Promise<void> {
    const payload = { text };
    const idempotency_key = this.#keyOf(JSON.stringify([to, text]));
    const params = { to, type: CHAT, payload, idempotency_key };
    const { event_id } = await this.#client.call("player.sendEvent", params);
    this.#last = null;
    const from = this.#client.welcome?.user_id ?? null;
    this.#feed.add({ event_id, from, to, type: CHAT, payload, sent_at: new Date().toISOString() });
  }

  #keyOf(message: string): string {
    if (this.#last?.message !== message) this.#last = { message, key: newKey() };
    return this.#last.key;
  }

  #setSending(sending: boolean): void {
    this.#sending = sending;
    // Not `disabled`, which would drop the focus of whoever has just pressed it.
    this.#button.setAttribute("aria-disabled", String(sending));
  }

  #complain(text: string, field: HTMLElement): void {
    showText(this.#error, text);
    field.focus();
  }
}

/** Not `crypto.randomUUID()`, which a page without TLS does not have. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
