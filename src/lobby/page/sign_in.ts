import { find, showText } from "./find.ts";
import { type Identity, identityFromName, identityFromToken } from "./identity.ts";
import { failureWords } from "./failure_words.ts";

/** How one signs in: by a name where the gateway signs tokens itself, else by a token. */
export type SignInWay = Identity["kind"];

/** The page's first view. */
export class SignIn {
  readonly #view = find("sign-in", HTMLElement);
  readonly #name = find("name", HTMLInputElement);
  readonly #userId = find("user-id", HTMLInputElement);
  readonly #admin = find("admin", HTMLInputElement);
  readonly #token = find("token", HTMLTextAreaElement);
  readonly #error = find("sign-in-error", HTMLElement);
  readonly #enter = find("enter", HTMLButtonElement);
  readonly #otherWay = find("other-way", HTMLButtonElement);
  readonly #onIdentity: (identity: Identity) => Promise<void>;
  #way: SignInWay = "token";
  #busy = false;

  /** @param onIdentity resolves when the lobby is there; rejects with what to tell the player */
  constructor(onIdentity: (identity: Identity) => Promise<void>) {
    this.#onIdentity = onIdentity;
    find("sign-in-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#otherWay.addEventListener("click", () => {
      this.#show(this.#way === "name" ? "token" : "name");
    });
  }

  /** Shows the view. @param ways the ways there are, the usual one first */
  show(ways: readonly SignInWay[]): void {
    this.#otherWay.hidden = ways.length < 2;
    this.#view.hidden = false;
    this.#show(ways[0] ?? "token");
  }

  /** Shows the view to somebody who was in before, and could not come back. */
  showAgain(ways: readonly SignInWay[], identity: Identity, error: unknown): void {
    this.show(ways.toSorted((way) => way === identity.kind ? -1 : 1));
    this.#fill(identity);
    this.#complain(failureWords(error));
    // All of it, so that what is typed or pasted takes its place.
    this.#field.select();
  }

  #fill(identity: Identity): void {
    if (identity.kind === "token") {
      this.#token.value = identity.token;
      return;
    }
    const { admin, name, userId } = identity;
    this.#name.value = name;
    // An id that was made from the name goes on to follow it.
    this.#userId.value = identityFromName(name, "", admin).userId === userId ? "" : userId;
    this.#admin.checked = admin;
  }

  /** Hides the view. */
  hide(): void {
    this.#view.hidden = true;
  }

  #show(way: SignInWay): void {
    this.#way = way;
    find("name-fields", HTMLElement).hidden = way !== "name";
    find("token-fields", HTMLElement).hidden = way !== "token";
    this.#otherWay.textContent = way === "name"
      ? "Use a token instead"
      : "Sign in with a name instead";
    this.#complain("");
    this.#field.focus();
  }

  get #field(): HTMLInputElement | HTMLTextAreaElement {
    return this.#way === "name" ? this.#name : this.#token;
  }

  async #submit(): Promise<void> {
    if (this.#busy) return;
    this.#setBusy(true);
    this.#complain("");
    try {
      await this.#onIdentity(this.#read());
    } catch (error) {
      this.#complain(failureWords(error));
      this.#field.focus();
    } finally {
      this.#setBusy(false);
    }
  }

  #read(): Identity {
    if (this.#way === "token") return identityFromToken(this.#token.value, Date.now());
    return identityFromName(this.#name.value, this.#userId.value, this.#admin.checked);
  }

  #setBusy(busy: boolean): void {
    this.#busy = busy;
    this.#enter.setAttribute("aria-disabled", String(busy));
    this.#enter.textContent = busy ? "Entering…" : "Enter the lobby";
  }

  #complain(text: string): void {
    showText(this.#error, text);
    for (const field of [this.#name, this.#token]) {
      field.setAttribute("aria-invalid", String(text !== "" && field === this.#field));
    }
  }
}
