/**
 * Every NATS subject the gateway uses: the only place that builds, escapes or reads one.
 *
 * @module
 */

/** Builds the subjects below one prefix, and reads them back. */
export interface Subjects {
  /** What every subject starts with. */
  readonly prefix: string;

  /** Changes of one user's presence, seen at `location`. */
  presence(location: string | null, user: string): string;
  /** Pattern: presence changes at one location; null is "nowhere in particular". */
  presenceOfLocation(location: string | null): string;
  /** Pattern: presence changes of one user, wherever that is. */
  presenceOfUser(user: string): string;
  /** Pattern: every presence change. */
  presenceOfAll(): string;

  /** Events for one user. */
  userEvent(user: string): string;
  /** Pattern: events for any user. */
  allUserEvents(): string;
  /** Events for everyone at one location. */
  locationEvent(location: string): string;
  /** Pattern: events for any location. */
  allLocationEvents(): string;
  /** Announcements to everyone. */
  announce(): string;
  /** Where the numbered stream sends on what it has stored of a subject, or of a pattern. */
  live(subject: string): string;

  /** Where a node says that it lives. */
  nodeHeartbeat(node: string): string;
  /** Pattern: the heartbeat of any node. */
  allNodeHeartbeats(): string;
  /** What a node answers as long as its process lives: nobody there means that it is gone. */
  nodeProbe(node: string): string;
  /** Commands to one node. */
  nodeControl(node: string): string;
  /** Tells every node that a session went on under another connection. */
  sessionRetired(): string;

  /** An endpoint of the gateway's own NATS service, for example `presence.get`. */
  service(name: string): string;
  /** Where requests for a method of another service go, for example `inventory.get`. */
  rpc(method: string): string;

  /** Reads a concrete {@linkcode presence} subject; undefined when it is none. */
  parsePresence(subject: string): { location: string | null; user: string } | undefined;
  /** Reads a concrete {@linkcode userEvent} subject; undefined when it is none. */
  parseUserEvent(subject: string): string | undefined;
  /** Reads a concrete {@linkcode locationEvent} subject; undefined when it is none. */
  parseLocationEvent(subject: string): string | undefined;
  /** Reads the node of a concrete {@linkcode nodeHeartbeat} subject; undefined when it is none. */
  parseNodeHeartbeat(subject: string): string | undefined;
}

/** Stands for no location: a lone `%`, which no escaped text can be. */
const NOWHERE = "%";
const PREFIX = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const CLEAN = /^[A-Za-z0-9_-]+$/;
/** What `encodeURIComponent` leaves alone, though it is no letter, digit, _ or -. */
const LEFT_ALONE = /[.!~*'()]/g;

/**
 * Writes any text as one part of a subject: every byte of its UTF-8 that is not `A–Z a–z 0–9 _ -`
 * becomes `%XX`. Different texts give different parts.
 *
 * @throws {TypeError} for an empty text, and for half a surrogate pair, which UTF-8 cannot carry
 */
export function escapeToken(text: string): string {
  if (CLEAN.test(text)) return text;
  if (text === "") throw new TypeError("Cannot make a part of a subject of an empty text");
  if (!text.isWellFormed()) {
    throw new TypeError("Cannot make a part of a subject of half a surrogate pair");
  }
  return encodeURIComponent(text).replace(LEFT_ALONE, escapeCharacter);
}

/** The text that {@linkcode escapeToken} wrote as `token`; undefined for what it never writes. */
export function unescapeToken(token: string): string | undefined {
  if (CLEAN.test(token)) return token;
  try {
    const text = decodeURIComponent(token);
    // A second way to write the same text (%61 for a, %2e for a dot) is not ours.
    return escapeToken(text) === token ? text : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The subjects below `prefix`.
 *
 * @param prefix one or more parts of `A–Z a–z 0–9 _ -` with dots between
 * @throws {TypeError} for another prefix
 *
 * @example
 * ```ts
 * import { createSubjects } from "./subjects.ts";
 *
 * const subjects = createSubjects("waygate");
 * subjects.presence("zone:stormwind", "a.b"); // "waygate.presence.zone%3Astormwind.a%2Eb"
 * subjects.presence(null, "ann"); // "waygate.presence.%.ann"
 * ```
 */
export function createSubjects(prefix: string): Subjects {
  if (!PREFIX.test(prefix)) {
    throw new TypeError(
      `Subjects cannot start with ${
        JSON.stringify(prefix)
      }: use letters, digits, _ and - with dots between`,
    );
  }
  const presence = `${prefix}.presence.`;
  const user = `${prefix}.user.`;
  const location = `${prefix}.location.`;
  const node = `${prefix}.node.`;

  return {
    prefix,

    presence: (at, id) => `${presence}${placeToken(at)}.${escapeToken(id)}`,
    presenceOfLocation: (at) => `${presence}${placeToken(at)}.*`,
    presenceOfUser: (id) => `${presence}*.${escapeToken(id)}`,
    presenceOfAll: () => `${presence}*.*`,

    userEvent: (id) => `${user}${escapeToken(id)}.event`,
    allUserEvents: () => `${user}*.event`,
    locationEvent: (at) => `${location}${escapeToken(at)}.event`,
    allLocationEvents: () => `${location}*.event`,
    announce: () => `${prefix}.announce`,
    live: (subject) => `${prefix}.live${subject.slice(prefix.length)}`,

    nodeHeartbeat: (id) => `${node}${escapeToken(id)}.heartbeat`,
    allNodeHeartbeats: () => `${node}*.heartbeat`,
    nodeProbe: (id) => `${node}${escapeToken(id)}.probe`,
    nodeControl: (id) => `${node}${escapeToken(id)}.control`,
    sessionRetired: () => `${prefix}.session.retired`,

    service: (name) => `${prefix}.svc.${dotted(name)}`,
    rpc: (method) => `${prefix}.rpc.${dotted(method)}`,

    parsePresence(subject) {
      if (!subject.startsWith(presence)) return undefined;
      const [place, id, ...rest] = subject.slice(presence.length).split(".");
      if (place === undefined || id === undefined || rest.length > 0) return undefined;
      const at = place === NOWHERE ? null : unescapeToken(place);
      const who = unescapeToken(id);
      return at === undefined || who === undefined ? undefined : { location: at, user: who };
    },
    parseUserEvent: (subject) => between(subject, user, ".event"),
    parseLocationEvent: (subject) => between(subject, location, ".event"),
    parseNodeHeartbeat: (subject) => between(subject, node, ".heartbeat"),
  };
}

function placeToken(location: string | null): string {
  return location === null ? NOWHERE : escapeToken(location);
}

/** Keeps the dots of a name and escapes the parts between them; no part may be empty. */
function dotted(name: string): string {
  return name.split(".").map(escapeToken).join(".");
}

function between(subject: string, start: string, end: string): string | undefined {
  if (!subject.startsWith(start) || !subject.endsWith(end)) return undefined;
  return unescapeToken(subject.slice(start.length, -end.length));
}

function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
