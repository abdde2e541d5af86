import type { Presence, Status, WaygateClient } from "../../client/client.ts";
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

  constructor(client: WaygateClient) {
    this.#client = client;
    client.on("state", () => this.#refresh());
    client.presence.on("change", () => this.#refresh());
    for (const radio of this.#radios) {
      radio.addEventListener("change", () => {
        this.#try(client.call("player.updateStatus", { status: radio.value as Status }));
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
    const presence = this.#client.presence.get(welcome.user_id) ?? welcome.presence;
    if (presence === this.#presence) return;
    const before = this.#presence;
    this.#presence = presence;
    this.#showWho(presence);
    this.#showStatus();
    // Somebody who is typing keeps what they have typed.
    if (before?.location !== presence.location && document.activeElement !== this.#location) {
      this.#location.value = presence.location ?? "";
    }
  }

  #showWho(presence: Presence): void {
    const name = displayName(presence);
    const avatar = newAvatar(presence.user_id);
    avatar.append(initials(name), newElement("span", { class: `dot ${presence.status}` }));
    find("my-avatar", HTMLElement).replaceChildren(avatar);
    find("my-name", HTMLElement).textContent = name;
    showText(find("my-id", HTMLElement), name === presence.user_id ? "" : presence.user_id);
  }

  #showStatus(): void {
    for (const radio of this.#radios) radio.checked = radio.value === this.#presence?.status;
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
    this.#try(this.#client.call("player.updateLocation", { location: location || null }));
  }

  async #try(update: Promise<Presence>): Promise<void> {
    showText(this.#error, "");
    try {
      await update;
    } catch (error) {
      showText(this.#error, failureWords(error));
      // What is chosen has to be what others see.
      this.#showStatus();
    }
  }
}
