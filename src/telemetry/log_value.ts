/**
 * What of a value a log line may show: text that can forge no line, without secrets, of bounded size.
 *
 * @module
 */

/** A value as JSON can carry it. */
export type LogValue =
  | string
  | number
  | boolean
  | null
  | readonly LogValue[]
  | { readonly [name: string]: LogValue };

const MAX_LENGTH = 8192;
const MAX_DEPTH = 4;
const MAX_ENTRIES = 50;
const MAX_CAUSES = 4;

/** Names of properties whose values are nobody's business. */
const SECRET_NAME =
  /^(?:.*[_-])?(?:token|jwt|secret|password|passwd|authorization|cookie|credentials|payload|params)$/i;

/** What gives a secret away wherever it stands in a text. */
const SECRETS: readonly [pattern: RegExp, shown: string][] = [
  [/\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*/g, "[token]"],
  [/\b(bearer)[\s.]+[\w~+/=.-]{6,}/gi, "$1 [token]"],
  [/([?&](?:access_token|token|key|secret|password)=)[^&\s"']+/gi, "$1[secret]"],
  [/(\w:\/\/)[^\s/@"']+@/g, "$1[login]@"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*-----)?/g, "[private key]"],
  [/\bS[ACNOUX][A-Z2-7]{56}\b/g, "[seed]"],
];

/** Makes values fit for the log; knows the secrets of this process. */
export class LogValues {
  readonly #secrets: readonly string[];

  /** @param secrets texts that are never shown; those shorter than 6 characters could be anything */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.filter((secret) => secret.length >= 6);
  }

  /** A text without what it must not show. Control characters are left to the line's format. */
  text(text: string): string {
    let shown = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
    for (const secret of this.#secrets) shown = shown.replaceAll(secret, "[secret]");
    for (const [pattern, instead] of SECRETS) shown = shown.replaceAll(pattern, instead);
    return shown;
  }

  /** Any value. An error is its stack, with those of its causes, and none of its properties. */
  value(value: unknown, depth = 0): LogValue {
    switch (typeof value) {
      case "string":
        return this.text(value);
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "boolean":
        return value;
      case "object":
        return value === null ? null : this.#object(value, depth);
      default:
        return this.text(String(value));
    }
  }

  /** Named values; those whose name says that they are secret are left out. */
  properties(properties: object, depth = 0): Record<string, LogValue> {
    const shown: Record<string, LogValue> = {};
    for (const [name, value] of Object.entries(properties).slice(0, MAX_ENTRIES)) {
      const isSecret = SECRET_NAME.test(name) && value !== undefined;
      shown[this.text(name)] = isSecret ? "[secret]" : this.value(value, depth);
    }
    return shown;
  }

  #object(value: object, depth: number): LogValue {
    if (value instanceof Error) return this.text(errorText(value));
    if (value instanceof Date || value instanceof URL) return this.text(String(value.toJSON()));
    if (depth >= MAX_DEPTH) return "…";
    if (value instanceof Map) return this.properties(Object.fromEntries(value), depth + 1);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value) || value instanceof Set) {
      return [...value].slice(0, MAX_ENTRIES).map((entry) => this.value(entry, depth + 1));
    }
    return this.properties(value, depth + 1);
  }
}

/** Stack by stack, the causes after what they caused. */
function errorText(error: Error): string {
  const parts: string[] = [];
  let current: unknown = error;
  while (current instanceof Error && parts.length < MAX_CAUSES) {
    parts.push(current.stack ?? `${current.name}: ${current.message}`);
    current = current.cause;
  }
  return parts.join("\nCaused by: ");
}
