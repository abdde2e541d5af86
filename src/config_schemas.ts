/**
 * How the text of an environment variable is read. No message quotes the text: it may be a secret.
 *
 * @module
 */
import { z } from "zod";
import { natsServersProblem } from "./bus/nats_servers.ts";

/** Any text. */
export function text(): z.ZodType<string | undefined, string | undefined> {
  return z.string().optional();
}

/** A whole number in decimal digits. */
export function integer(fallback: number, min: number, max: number) {
  return z.string().optional().transform((value, context) => {
    if (value === undefined) return fallback;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= min && number <= max) return number;
    context.addIssue({ code: "custom", message: `Must be a whole number from ${min} to ${max}` });
    return z.NEVER;
  });
}

/** One of a few words. */
export function oneOf<const T extends string>(values: readonly T[], fallback?: NoInfer<T>) {
  return z.string().optional().transform((value, context): T | undefined => {
    if (value === undefined) return fallback;
    const found = values.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    context.addIssue({ code: "custom", message: `Must be one of ${values.join(", ")}` });
    return z.NEVER;
  });
}

/** Text of a certain form. */
export function matching(pattern: RegExp, message: string, fallback?: string) {
  return z.string().optional().transform((value, context) => {
    if (value === undefined) return fallback;
    if (pattern.test(value)) return value;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

/** A secret that an HTTP header carries, where blanks at the ends would get lost (RFC 9110 §5.5). */
export function headerToken() {
  return matching(/^[\x21-\x7e]+$/, "Must be visible ASCII characters only, without spaces");
}

/** What can be listened on: a host name or an IP address, whether or not it is one of this machine. */
export function host(fallback: string) {
  return z.string().optional().transform((value, context) => {
    if (value === undefined) return fallback;
    // An IPv6 address as it stands in a URL: not every engine can listen on it like that.
    if (isHost(value)) return value.replace(/^\[(.*)\]$/, "$1");
    context.addIssue({ code: "custom", message: "Must be a host name or an IP address" });
    return z.NEVER;
  });
}

/** Texts with commas between; empty ones do not count, but all of them may not be empty. */
export function list() {
  return z.string().optional().transform((value, context) => {
    if (value === undefined) return [];
    const parts = value.split(",").map((part) => part.trim()).filter((part) => part !== "");
    if (parts.length > 0) return parts;
    context.addIssue({ code: "custom", message: "Must name at least one, or be left out" });
    return z.NEVER;
  });
}

/** A URL of one of these protocols. */
export function url(protocols: readonly string[]) {
  const begins = protocols.map((protocol) => `${protocol}//`).join(" or ");
  return z.string().optional().refine(
    (value) =>
      value === undefined || (URL.canParse(value) && protocols.includes(new URL(value).protocol)),
    `Must be a URL that begins with ${begins}`,
  );
}

/** Addresses of NATS servers that one client can use. */
export function natsServers() {
  return list().superRefine((servers, context) => {
    const message = natsServersProblem(servers);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}

/** Origins as browsers and webviews send them, or `*`. */
export function origins() {
  return list().refine(
    (values) => values.every((value) => value === "*" || isOrigin(value)),
    "Must be origins such as https://play.example.com or capacitor://localhost, or *",
  );
}

function isHost(value: string): boolean {
  if (!value.includes(":")) return /^[\w-]+(\.[\w-]+)*\.?$/.test(value);
  const [address = ""] = value.replace(/^\[(.*)\]$/, "$1").split("%");
  return URL.canParse(`http://[${address}]`);
}

/** Schemes whose origins a URL knows; of a file's page browsers say that its origin is `null`. */
const WEB_SCHEMES = ["http:", "https:", "ws:", "wss:", "ftp:", "file:"];
/** An origin of another scheme, such as a webview's own (RFC 6454 §6.2). */
const OTHER_ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#]+$/;

function isOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { origin, protocol } = new URL(value);
  return WEB_SCHEMES.includes(protocol) ? origin === value : OTHER_ORIGIN.test(value);
}
