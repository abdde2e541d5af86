import type { EventTarget, Json, WaygateClient } from "../../client/client.ts";
import { initials, newAvatar } from "../../elements/avatar.ts";
import { newElement } from "../../elements/new_element.ts";
import { displayName } from "../../elements/presence_row.ts";
import { chatText } from "./chat.ts";
import { clockTime } from "./clock_time.ts";
import { find, showText } from "./find.ts";
import { isolatedElement } from "./isolate.ts";
import { jsonText } from "./json_text.ts";
import type { Views } from "./views.ts";

/** How much is kept. */
const LIMIT = 300;

/** So near to its end, in CSS pixels, somebody reads along. */
const NEAR_END = 80;

/** A message, sent or received. */
export interface FeedMessage {
  readonly event_id: string;
  readonly from: string | null;
  readonly to: EventTarget;
  readonly type: string;
  readonly payload: Json;
  readonly sent_at: string;
}

/** The messages of this visit, the newest last. */
export class MessageFeed {
  readonly #client: WaygateClient;
  readonly #views: Views;
  readonly #feed = find("feed", HTMLElement);
  readonly #unread = find("unread", HTMLElement);
  readonly #ids = new Set<string>();
  #unreadCount = 0;
  #following = true;
  #height = 0;

  constructor(client: WaygateClient, views: Views) {
    this.#client = client;
    this.#views = views;
    client.on("player.event", (event) => this.add(event));
    this.#feed.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.#feed;
      // Just after a change of size, how far the end is says nothing about what the player did.
      const height = Math.max(clientHeight, this.#height);
      this.#following = scrollHeight - scrollTop - height < NEAR_END;
    });
    // A phone's keyboard takes its room from the feed: the newest message is to stay in sight.
    new ResizeObserver(() => {
      this.#height = this.#feed.clientHeight;
      this.#follow();
      this.#see();
    }).observe(this.#feed);
    document.addEventListener("visibilitychange", () => this.#see());
    views.onShow((name) => {
      if (name !== "messages") return;
      this.#see();
      this.#following = true;
      this.#follow();
    });
  }

  /** Shows a message; one that is there already, as the echo of a sent one may be, is left out. */
  add(message: FeedMessage): void {
    if (this.#ids.has(message.event_id)) return;
    this.#ids.add(message.event_id);
    find("feed-empty", HTMLElement).hidden = true;
    this.#feed.append(this.#newMessage(message));
    if (this.#ids.size > LIMIT) this.#dropOldest();
    this.#following ||= this.#isOwn(message);
    this.#follow();
    if (!this.#isOwn(message) && !this.#views.visible("messages")) {
      this.#setUnread(this.#unreadCount + 1);
    }
  }

  /** Nothing is unread of what is in sight. */
  #see(): void {
    if (this.#views.visible("messages")) this.#setUnread(0);
  }

  #follow(): void {
    if (this.#following) this.#feed.scrollTop = this.#feed.scrollHeight;
  }

  #dropOldest(): void {
    const [oldest = ""] = this.#ids;
    this.#ids.delete(oldest);
    this.#feed.querySelector(".message")?.remove();
  }

  #isOwn({ from }: FeedMessage): boolean {
    return from !== null && from === this.#client.welcome?.user_id;
  }

  #newMessage(message: FeedMessage): HTMLElement {
    const { from, sent_at } = message;
    const name = from === null ? "The game" : this.#nameOf(from);
    const avatar = newAvatar(from ?? "");
    avatar.append(initials(name));
    const own = this.#isOwn(message);
    return newElement(
      "article",
      { class: own ? "message own" : "message" },
      avatar,
      newElement(
        "div",
        { class: "said" },
        newElement(
          "p",
          { class: "about" },
          newElement("strong", {}, isolatedElement(own ? "You" : name)),
          ...this.#targetWords(message.to),
          newElement("time", { datetime: sent_at }, clockTime(Date.parse(sent_at))),
        ),
        newBody(message),
      ),
    );
  }

  #targetWords(to: EventTarget): (Node | string)[] {
    if ("location" in to) return [` to everyone at ${to.location} `];
    if (to.user_id === this.#client.welcome?.user_id) return [" to you "];
    return [" to ", isolatedElement(this.#nameOf(to.user_id)), " "];
  }

  #nameOf(userId: string): string {
    return displayName(this.#client.presence.get(userId) ?? { user_id: userId });
  }

  #setUnread(count: number): void {
    this.#unreadCount = count;
    showText(this.#unread, count === 0 ? "" : `${count} new`);
  }
}

/** Chat is shown as text, any other event as what it is. */
function newBody(message: FeedMessage): HTMLElement {
  const text = chatText(message);
  if (text !== null) return newElement("p", { class: "text", dir: "auto" }, text);
  const { payload, type } = message;
  return newElement(
    "p",
    { class: "text" },
    newElement("strong", {}, isolatedElement(type)),
    " ",
    newElement("code", { dir: "ltr" }, jsonText(payload)),
  );
}
