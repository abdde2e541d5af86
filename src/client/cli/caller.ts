import type { JsonObject } from "../../protocol/json.ts";
import type { MethodTypes } from "../../protocol/methods.ts";
import type { WaygateClient } from "../client.ts";
import { readCommand } from "./command.ts";
import type { CallPlace, Place, Printer } from "./printer.ts";

/** What of an OpenRPC document is shown. */
interface MethodEntry {
  readonly name: string;
  readonly summary?: string;
  readonly tags?: readonly { readonly name: string }[];
}

/** Carries out the lines that are typed; whatever comes of them is printed. */
export class Caller {
  // What may be called, and how, is the server's to say.
  readonly #client: WaygateClient<MethodTypes>;
  readonly #printer: Printer;
  readonly #running = new Set<Promise<void>>();
  #known: readonly MethodEntry[] = [];
  #failures = 0;
  #line = 0;

  constructor(client: WaygateClient, printer: Printer) {
    this.#client = client as unknown as WaygateClient<MethodTypes>;
    this.#printer = printer;
  }

  /** The names of the methods that the gateway has. */
  get methods(): string[] {
    return this.#known.map(({ name }) => name);
  }

  /** How many calls failed, lines that are no call included. */
  get failures(): number {
    return this.#failures;
  }

  /** Asks the gateway what it can do; without an answer there is no help and no completion. */
  async discover(): Promise<void> {
    try {
      const { methods } = await this.#client.call("rpc.discover") as { methods: MethodEntry[] };
      this.#known = methods.filter(isCallable).sort((a, b) => a.name < b.name ? -1 : 1);
    } catch (error) {
      this.#printer.failure({ line: null, method: "rpc.discover" }, error);
    }
  }

  /** Begins what a line asks for. @returns false when that is to quit */
  take(text: string): boolean {
    const line = ++this.#line;
    const command = readCommand(text);
    if (command.kind === "help") {
      this.#printer.text(
        this.#known.map(({ name, summary = "" }) => `${name.padEnd(24)} ${summary}`),
      );
    } else if (command.kind === "wrong") {
      this.#fail({ line, method: null }, new Error(command.message));
    } else if (command.kind === "call") {
      const call = this.#call({ line, method: command.method }, command.params);
      this.#running.add(call);
      call.finally(() => this.#running.delete(call));
    }
    return command.kind !== "quit";
  }

  /** Resolves when every call is answered. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #call(place: CallPlace, params: JsonObject | undefined): Promise<void> {
    try {
      this.#printer.result(place, await this.#client.call(place.method, params));
    } catch (error) {
      this.#fail(place, error);
    }
  }

  #fail(place: Place, error: unknown): void {
    this.#failures++;
    this.#printer.failure(place, error);
  }
}

/** Whether an entry is a method of the gateway, not a notification that it sends. */
function isCallable({ tags = [] }: MethodEntry): boolean {
  return !tags.some(({ name }) => name === "notification");
}
