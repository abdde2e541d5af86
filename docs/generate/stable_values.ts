/**
 * What differs from one recording to the next is written in the same way each time, so that the
 * documents only change when the gateway does.
 *
 * @module
 */
import type { Json } from "../../src/protocol/json.ts";

const NOW = "2026-05-04T18:30:00.000Z";
const LATER = "2026-05-04T19:30:00.000Z";
const VERSION = Date.parse(NOW);

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Members whose value is always the same in the documents. */
const FIXED: Readonly<Record<string, Json>> = {
  token: "eyJhbGciOiJIUzI1NiJ9…",
  token_expires_at: LATER,
  expires_at: LATER,
  version: VERSION,
  reconnect_after_ms: 1840,
};

/** Members that hold an id: what stands for the first, the second, … */
const IDS: Readonly<Record<string, string>> = {
  session_id: "ws_",
  event_id: "ev_",
  announcement_id: "an_",
};

/** Makes recordings comparable; one object for all that belongs together. */
export class StableValues {
  readonly #names = new Map<string, string>();
  readonly #numbers = new Map<string, number>();
  readonly #counts = new Map<string, number>();

  /** The same value, with what differs each time replaced. */
  of(value: Json, key = ""): Json {
    if (typeof value === "string") return this.#text(value, key);
    if (typeof value === "number") return this.#number(value, key);
    if (Array.isArray(value)) return value.map((item) => this.of(item, key));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, this.of(member, name)]),
    );
  }

  #text(text: string, key: string): Json {
    const fixed = FIXED[key];
    if (typeof fixed === "string") return fixed;
    if (INSTANT.test(text)) return NOW;
    const prefix = IDS[key];
    return prefix === undefined ? text : this.#id(text, prefix);
  }

  #number(value: number, key: string): Json {
    if (key === "seq" || key === "last_seq") return value === 0 ? 0 : this.#seq(value);
    const fixed = FIXED[key];
    // A user who was never seen has version 0, which is not a time.
    return value > 0 && typeof fixed === "number" ? fixed : value;
  }

  #id(text: string, prefix: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const count = (this.#counts.get(prefix) ?? 0) + 1;
    this.#counts.set(prefix, count);
    const name = `${prefix}${count.toString().padStart(4, "0")}`;
    this.#names.set(text, name);
    return name;
  }

  #seq(value: number): number {
    const known = this.#numbers.get(`${value}`) ?? this.#numbers.size + 1;
    this.#numbers.set(`${value}`, known);
    return known;
  }
}
