import type {
  Presence,
  PresenceInterestParams,
  PresenceView,
  WaygateClient,
} from "../client/client.ts";
import { AVATAR_CSS } from "./avatar.ts";
import { ClientElement } from "./client_element.ts";
import { DOT_CSS } from "./dot_css.ts";
import { keepSubscribed } from "./keep_subscribed.ts";
import { newElement } from "./new_element.ts";
import { onNextFrame } from "./next_frame.ts";
import { PRESENCE_CSS } from "./presence_css.ts";
import { PresenceList } from "./presence_list.ts";
import { PresenceNotice } from "./presence_notice.ts";
import { PresenceSummary } from "./presence_summary.ts";
import { RELATIVE_TIME_STEP_MS } from "./relative_time.ts";
import { sharedClock } from "./shared_clock.ts";
import { sharedStyleSheet } from "./style_sheet.ts";
import { THEME_CSS } from "./theme_css.ts";

/** The part of a client that `<waygate-presence>` shows. */
export type PresenceClient = Pick<WaygateClient, "state" | "welcome" | "on"> & {
  readonly presence: Pick<
    PresenceView,
    "synced" | "refusal" | "users" | "get" | "subscribe" | "unsubscribe" | "on"
  >;
};

/** How often the total may be spoken, in ms: players come and go faster than anybody can listen. */
const SPEAK_EVERY_MS = 10_000;

/** How many of those who left are shown. */
const OFFLINE_LIMIT = 50;

/**
 * `<waygate-presence>`: who is online, live. While it is in a page it is subscribed to everyone, or
 * to one location, and it is right again by itself after a reconnect. What the server refuses it says,
 * with the reason, until it is asked for something else or by another connection.
 *
 * Attributes, each with a property of the same name in camel case:
 * - `location`: shows (and subscribes to) one location instead of everyone.
 * - `filter`: shows only users whose name, id or location has this text in it.
 * - `selectable`: users can be chosen, by mouse or keyboard.
 * - `show-offline`: users who leave stay in the list, below the others; the last 50 of them.
 * - `stale`: set by the element while what it shows may be out of date, for styling.
 *
 * Events: `waygate-select` when a user was chosen (detail: `Presence`; bubbles).
 *
 * Parts: `summary`, `total`, `count`, `list`, `user`, `avatar`, `dot`, `name`, `self`, `about`,
 * `last-seen`, `empty`, `refused`.
 */
export class WaygatePresenceElement extends ClientElement<PresenceClient> {
  /** Attributes that the browser reports. */
  static readonly observedAttributes: readonly string[] = [
    "location",
    "filter",
    "selectable",
    "show-offline",
  ];

  readonly #scroll = newElement("div", { class: "scroll" });
  readonly #notice = new PresenceNotice();
  readonly #summary = new PresenceSummary();
  readonly #changed = new Set<string>();
  readonly #render = (): void => this.#show();
  #list = this.#newList();
  /** Null when the server has subscribed, why it never will, or undefined before it has said so. */
  #refusal: unknown;
  /** Until when the element is in a page with its client; null when it is not. */
  #attached: AbortSignal | null = null;
  /** Ends the subscription. */
  #subscription = new AbortController();

  /** Shows nothing until the element is in a page. */
  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [THEME_CSS, DOT_CSS, AVATAR_CSS, PRESENCE_CSS].map(sharedStyleSheet);
    this.#scroll.append(this.#list.element, this.#notice.empty);
    root.append(this.#summary.element, this.#summary.spoken, this.#notice.refused, this.#scroll);
  }

  /** The location to show; null for everyone. */
  get location(): string | null {
    return this.getAttribute("location");
  }

  set location(value: string | null) {
    if (value === null) this.removeAttribute("location");
    else this.setAttribute("location", value);
  }

  /** Text that the users shown have in their name, id or location. */
  get filter(): string {
    return this.getAttribute("filter") ?? "";
  }

  set filter(value: string) {
    this.setAttribute("filter", value);
  }

  /** Whether users can be chosen. */
  get selectable(): boolean {
    return this.hasAttribute("selectable");
  }

  set selectable(value: boolean) {
    this.toggleAttribute("selectable", value);
  }

  /** Whether users who leave stay in the list. */
  get showOffline(): boolean {
    return this.hasAttribute("show-offline");
  }

  set showOffline(value: boolean) {
    this.toggleAttribute("show-offline", value);
  }

  /** Called by the browser. */
  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === "filter") this.#list.filter(this.filter);
    else if (name === "selectable") this.#setList(this.#list.presences());
    else if (name === "location") this.#relocate();
    else if (!this.showOffline) this.#list.keepOffline(0);
    onNextFrame(this.#render);
  }

  /** Lists whom the client sees, and follows it. */
  protected override attach(client: PresenceClient | null, signal: AbortSignal): void {
    this.#refusal = undefined;
    this.#changed.clear();
    this.#setList([]);
    if (client === null) return this.#show();

    this.#list.put(this.#concerned(client));
    this.#show();
    this.#summary.speak();
    client.presence.on("change", ({ changed, removed }) => {
      for (const { user_id } of changed) this.#changed.add(user_id);
      for (const userId of removed) this.#changed.add(userId);
      onNextFrame(this.#render);
    }, { signal });
    client.on("state", ({ state }) => {
      // Another server, or the same with other limits.
      if (state === "connected" && this.#refusal) this.#subscribe(client, signal);
      onNextFrame(this.#render);
    }, { signal });
    const stops = [
      sharedClock.every(RELATIVE_TIME_STEP_MS, () => this.#list.tick(Date.now())),
      sharedClock.every(SPEAK_EVERY_MS, () => this.#summary.speak()),
    ];
    signal.addEventListener("abort", () => {
      for (const stop of stops) stop();
      this.#attached = null;
    });
    this.#attached = signal;
    this.#subscribe(client, signal);
  }

  #subscribe(client: PresenceClient, attached: AbortSignal): void {
    const subscription = this.#subscription = new AbortController();
    const signal = AbortSignal.any([attached, subscription.signal]);
    this.#refusal = undefined;
    keepSubscribed(client.presence, this.#interest(), signal, (refusal) => {
      this.#refusal = refusal;
      onNextFrame(this.#render);
    });
  }

  /** Looks at another location. Who is in both stays in the view: the old is ended last. */
  #relocate(): void {
    const { client } = this;
    if (client === null || this.#attached === null) return;
    const before = this.#subscription;
    this.#subscribe(client, this.#attached);
    before.abort();
    this.#list.keepOffline(0);
    const elsewhere = this.#list.presences().filter((presence) => !this.#concerns(presence));
    this.#list.remove(elsewhere.map(({ user_id }) => user_id));
    this.#list.put(this.#concerned(client));
  }

  #setList(presences: readonly Presence[]): void {
    this.#list = this.#newList();
    this.#list.filter(this.filter);
    this.#list.put(presences);
    this.#scroll.replaceChildren(this.#list.element, this.#notice.empty);
  }

  #newList(): PresenceList {
    return new PresenceList({
      onSelect: this.selectable ? (presence) => this.#select(presence) : null,
    });
  }

  #interest(): PresenceInterestParams {
    return this.location === null ? { all: true } : { locations: [this.location] };
  }

  #concerns(presence: Presence): boolean {
    return this.location === null || presence.location === this.location;
  }

  #concerned(client: PresenceClient): Presence[] {
    return [...client.presence.users().values()].filter((presence) => this.#concerns(presence));
  }

  #show(): void {
    const { client } = this;
    const list = this.#list;
    this.#takeChanges(client);
    list.markSelf(client?.welcome?.user_id ?? null);
    const presences = list.presences();
    const current = client?.state === "connected" && client.presence.synced &&
      this.#refusal === null;
    const refusal = this.#refusal ?? client?.presence.refusal ?? null;
    this.#summary.show(presences, current);
    this.toggleAttribute("stale", client !== null && !current);
    const { filter } = this;
    this.#notice.show({ listed: presences.length, shown: list.shown, current, refusal, filter });
  }

  #takeChanges(client: PresenceClient | null): void {
    const put: Presence[] = [];
    const gone: string[] = [];
    for (const userId of this.#changed) {
      // What counts is what holds now: steps between two frames are never drawn.
      const online = client?.presence.users().get(userId);
      const offline = this.showOffline && this.#list.has(userId)
        ? client?.presence.get(userId)
        : undefined;
      if (online !== undefined && this.#concerns(online)) put.push(online);
      else if (offline?.status === "offline") put.push(offline);
      else gone.push(userId);
    }
    this.#changed.clear();
    this.#list.put(put);
    this.#list.remove(gone);
    this.#list.keepOffline(OFFLINE_LIMIT);
  }

  #select(detail: Presence): void {
    this.dispatchEvent(
      new CustomEvent<Presence>("waygate-select", { detail, bubbles: true, composed: true }),
    );
  }
}
