import type { Presence, PresenceStatus, Status, WaygateClient } from "../../client/client.ts";
import { initials, newAvatar } from "../../elements/avatar.ts";
import { newElement } from "../../elements/new_element.ts";
import { displayName } from "../../elements/presence_row.ts";
import { failureWords } from "./failure_words.ts";
import { find, showText } from "./find.ts";
import { suggestLocations } from "./suggestions.ts";

const LOCATION = /^[A-Za-z0-9_:.-]{1,64}$/;

/** Lets the player say how and where they are. */
export class OwnCard {
  readonly #client: WaygateClient;
  readonly #radios = [...document.querySelectorAll<HTMLInputElement>("[name=status]")];
  readonly #location = find("location", HTMLInputElement);
  readonly #error = find("own-error", HTMLElement);
  #presence: Presence | null = null;
  /** As the last answer had it: updates may take a moment longer to come. */
  #answered: Presence | null = null;
  #statusCalls = 0;

  /** @param claimed who the player is before the gateway says so */
  constructor(client: WaygateClient, claimed: Pick<Presence, "name" | "user_id">) {
    this.#client = client;
    this.#showWho(claimed, "offline");
    client.on("state", () => {
      this.#answered = null;
      this.#refresh();
    });
    client.presence.on("change", () => this.#refresh());
    for (const radio of this.#radios) {
      radio.addEventListener("change", () => {
        this.#setStatus(radio.value as Status);
      });
    }
    find("location-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#move();
    });
    this.#location.addEventListener("focus", () => {
      suggestLocations(client, find("locations", HTMLDataListElement));
    });
    this.#refresh();
  }

  #refresh(): void {
    const { welcome } = this.#client;
    if (welcome === null) return;
    const heard = this.#client.presence.get(welcome.user_id) ?? welcome.presence;
    const answered = this.#answered;
    const presence = answered !== null && answered.version > heard.version ? answered : heard;
    if (presence === this.#presence) return;
    const before = this.#presence;
    this.#presence = presence;
    this.#showWho(presence, presence.status);
    this.#showStatus();
    // What was typed and not sent yet stays.
    if (this.#location.value === (before?.location ?? "")) {
      this.#location.value = presence.location ?? "";
    }
  }

  #showWho(user: Pick<Presence, "name" | "user_id">, status: PresenceStatus): void {
    const name = displayName(user);
    const avatar = newAvatar(user.user_id);
    avatar.append(initials(name), newElement("span", { class: `dot ${status}` }));
    find("my-avatar", HTMLElement).replaceChildren(avatar);
    find("my-name", HTMLElement).textContent = name;
    showText(find("my-id", HTMLElement), name === user.user_id ? "" : user.user_id);
  }

  /** What is chosen is what others see or, while a choice is on its way to them, that choice. */
  #showStatus(): void {
    if (this.#statusCalls > 0) return;
    for (const radio of this.#radios) radio.checked = radio.value === this.#presence?.status;
  }

  async #setStatus(status: Status): Promise<void> {
    this.#statusCalls++;
    await this.#try(this.#client.call("player.updateStatus", { status }));
    this.#statusCalls--;
    this.#showStatus();
  }

  #move(): void {
    const location = this.#location.value.trim();
    const known = location === "" || LOCATION.test(location);
    this.#location.setAttribute("aria-invalid", String(!known));
    if (!known) {
      return showText(
        this.#error,
        "A location has 1 to 64 letters, digits and _ : . - like zone:stormwind.",
      );
    }
    this.#location.value = location;
    this.#try(this.#client.call("player.updateLocation", { location: location || null }));
  }

  async #try(update: Promise<Presence>): Promise<void> {
    showText(this.#error, "");
    try {
      this.#answered = await update;
      this.#refresh();
    } catch (error) {
      showText(this.#error, failureWords(error));
    }
  }
}
