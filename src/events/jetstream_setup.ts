/**
 * The JetStream stream that holds the entries: what it is like and how it comes to be.
 *
 * @module
 */
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { getLogger } from "@logtape/logtape";
import { nanos } from "@nats-io/nats-core";
import type { Subjects } from "../bus/subjects.ts";
import { retentionMs, type StreamLimits } from "./limits.ts";
import { StreamError } from "./stream.ts";

const log = getLogger(["waygate", "events"]);

/** How the stream is kept by the servers. */
export interface StreamPlan {
  /** What is stored, and the prefix that names the stream. */
  readonly subjects: Subjects;
  /** How long, and how much of it; how much is settled when the stream is created. */
  readonly limits: StreamLimits;
  /**
   * Servers that are to hold a copy each, where so many can: else there is one copy until they can. A
   * stream that is there keeps the number that it has.
   */
  readonly replicas: number;
  /** `memory` loses everything with the server, or with most of a cluster's servers. */
  readonly storage: "file" | "memory";
}

/** The limits to choose unless there is reason for others, but for the window. */
export const JETSTREAM_LIMITS: Omit<StreamLimits, "windowMs"> = {
  maxBytes: 256 * 1024 * 1024,
  maxPerUser: 20_000,
};

/** The stream's name: one for each prefix. */
export function streamName({ prefix }: Subjects): string {
  return `${prefix.replaceAll(".", "%2E")}_EVENTS`;
}

/** What the gateway wants of the stream at any time; the rest is its operator's once it is there. */
type WantedConfig = Partial<StreamConfig> & { readonly name: string };

/** The stream as it has to be. It needs nothing newer than nats-server 2.9. */
function wantedConfig(plan: StreamPlan): WantedConfig {
  const { subjects, limits, storage } = plan;
  const kept = nanos(retentionMs(limits));
  return {
    name: streamName(subjects),
    subjects: [subjects.allUserEvents(), subjects.allLocationEvents(), subjects.announce()],
    retention: RetentionPolicy.Limits,
    storage: storage === "file" ? StorageType.File : StorageType.Memory,
    max_age: kept,
    duplicate_window: kept,
    // What was stored reaches the nodes with its number, routed by interest, and no consumer for it.
    republish: { src: `${subjects.prefix}.>`, dest: subjects.live(`${subjects.prefix}.>`) },
  };
}

/** What a stream keeps from its creation on, and what only somebody else's stream has different. */
const FIXED = ["subjects", "retention", "storage", "republish"] as const;

const DESCRIPTION = "Events and announcements, numbered and kept for the resume window";
/** Says of a stream that the gateway, not its operator, left it at one copy. */
const MAKESHIFT = `${DESCRIPTION}; one copy until more servers can hold it`;

/** Without a cluster there will never be more than one copy (`err_code`). */
const NOT_CLUSTERED = 10074;
/** What a cluster answers that cannot hold so many copies now (`err_code`). */
const TOO_MANY_REPLICAS: ReadonlySet<number> = new Set([
  10002, // resource limits exceeded for account
  10005, // no suitable peers for placement
  10023, // insufficient resources
  10028, // insufficient memory
  10047, // insufficient storage
]);

/**
 * Creates the stream, or changes how long it keeps entries where that differs. Its size and its number
 * of copies stay as they are.
 *
 * @throws {StreamError} `refused` when a stream of this name is there that cannot become ours
 */
export async function ensureStream(
  manager: JetStreamManager,
  plan: StreamPlan,
): Promise<StreamInfo> {
  const wanted = wantedConfig(plan);
  const present = await findStream(manager, wanted.name);
  if (present === undefined) {
    await createStream(manager, plan);
    // Two nodes may make it at one moment: the leader knows whose call it was.
    return await manager.streams.info(wanted.name);
  }
  const kept = matches(wanted, present.config) ? present : await adapt(manager, wanted, present);
  return isMakeshift(kept) ? await replicate(manager, kept, plan.replicas) : kept;
}

/** Whether the stream has one copy only because more servers could not hold it at that time. */
export function isMakeshift({ config }: StreamInfo): boolean {
  return config.num_replicas === 1 && config.description === MAKESHIFT;
}

async function createStream(
  manager: JetStreamManager,
  plan: StreamPlan,
): Promise<StreamInfo> {
  const { limits, replicas } = plan;
  const config = {
    ...wantedConfig(plan),
    discard: DiscardPolicy.Old,
    max_bytes: limits.maxBytes,
    max_msgs_per_subject: limits.maxPerUser,
  };
  const create = (description: string, num_replicas: number) =>
    manager.streams.add({ ...config, description, num_replicas });
  try {
    return await create(DESCRIPTION, replicas);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || replicas === 1) throw error;
    if (error.code === NOT_CLUSTERED) return await create(DESCRIPTION, 1);
    if (!TOO_MANY_REPLICAS.has(error.code)) throw error;
    log.warn("JetStream cannot hold {replicas} copies of {name} now, so it has one: {error}", {
      replicas,
      name: config.name,
      error,
    });
    return await create(MAKESHIFT, 1);
  }
}

async function adapt(
  manager: JetStreamManager,
  wanted: WantedConfig,
  present: StreamInfo,
): Promise<StreamInfo> {
  const { name } = wanted;
  const fixed = FIXED.find((key) => !matches(wanted[key], present.config[key]));
  if (fixed !== undefined) {
    throw new StreamError(
      "refused",
      `The JetStream stream ${name} has another ${fixed}: remove it, or use another prefix`,
    );
  }
  try {
    return await manager.streams.update(name, { ...present.config, ...wanted });
  } catch (error) {
    // Another window than the one wished for is no reason not to serve.
    if (!(error instanceof JetStreamApiError)) throw error;
    log.warn("JetStream keeps the old window of {name}: {error}", { name, error });
    return present;
  }
}

async function replicate(
  manager: JetStreamManager,
  present: StreamInfo,
  replicas: number,
): Promise<StreamInfo> {
  const { name } = present.config;
  const config = { ...present.config, description: DESCRIPTION, num_replicas: replicas };
  try {
    const replicated = await manager.streams.update(name, config);
    log.info("JetStream now holds {replicas} copies of {name}", { replicas, name });
    return replicated;
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    return present;
  }
}

async function findStream(
  manager: JetStreamManager,
  name: string,
): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) {
      return undefined;
    }
    throw error;
  }
}

/** Whether `actual` has everything that `wanted` has; what else it has does not matter. */
function matches(wanted: unknown, actual: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return wanted === actual;
  if (typeof actual !== "object" || actual === null) return false;
  return Object.entries(wanted).every(([key, value]) =>
    matches(value, (actual as Record<string, unknown>)[key])
  );
}
