/**
 * Servers import this module too, and have no DOM: there the classes exist but are of no use.
 *
 * @internal
 */
const PlatformElement: typeof HTMLElement = globalThis.HTMLElement ??
  (class {} as unknown as typeof HTMLElement);

/** An element that shows something of a client. */
export abstract class ClientElement<Client> extends PlatformElement {
  #client: Client | null = null;
  #attached: AbortController | null = null;

  /** The client that is shown; null for none. May be set before the element is in the page. */
  get client(): Client | null {
    return this.#client;
  }

  set client(client: Client | null) {
    if (client === this.#client) return;
    const attached = this.#attached !== null;
    this.#detach();
    this.#client = client;
    if (attached) this.#attach();
  }

  /** Called by the browser when the element enters a page. */
  connectedCallback(): void {
    this.#adoptProperties();
    this.#attach();
  }

  /** Called by the browser when the element leaves a page. */
  disconnectedCallback(): void {
    this.#detach();
  }

  /** Begins to show the client: null for none. `signal` is aborted when it is to end. */
  protected abstract attach(client: Client | null, signal: AbortSignal): void;

  /** What was set before the element was defined is the object's own, and hides the accessor. */
  #adoptProperties(): void {
    for (const name of Object.keys(this)) {
      if (!(name in Object.getPrototypeOf(this))) continue;
      const value = Reflect.get(this, name);
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }

  #attach(): void {
    if (this.#attached !== null) return;
    this.#attached = new AbortController();
    this.attach(this.#client, this.#attached.signal);
  }

  #detach(): void {
    this.#attached?.abort();
    this.#attached = null;
  }
}
