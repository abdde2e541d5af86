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
  /** How long, and how much of it. */
  readonly limits: StreamLimits;
  /** Servers that each hold a copy; 1 without a cluster. */
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

/** The stream as it should be. It needs nothing newer than nats-server 2.9. */
export function streamConfig(plan: StreamPlan): Partial<StreamConfig> & { name: string } {
  const { subjects, limits, replicas, storage } = plan;
  const kept = nanos(retentionMs(limits));
  return {
    name: streamName(subjects),
    description: "Events and announcements, numbered and kept for the resume window",
    subjects: [subjects.allUserEvents(), subjects.allLocationEvents(), subjects.announce()],
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    storage: storage === "file" ? StorageType.File : StorageType.Memory,
    num_replicas: replicas,
    max_age: kept,
    max_bytes: limits.maxBytes,
    max_msgs_per_subject: limits.maxPerUser,
    duplicate_window: kept,
    // What was stored reaches the nodes with its number, routed by interest, and no consumer for it.
    republish: { src: `${subjects.prefix}.>`, dest: subjects.live(`${subjects.prefix}.>`) },
  };
}

/** What a stream keeps from its creation on, and what only somebody else's stream has different. */
const FIXED = ["subjects", "retention", "storage", "republish"] as const;

/**
 * Creates the stream, or changes its limits where they differ.
 *
 * @throws {StreamError} `refused` when a stream of this name is there that cannot become ours
 */
export async function ensureStream(
  manager: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<StreamInfo> {
  const present = await findStream(manager, config.name);
  if (present === undefined) return await manager.streams.add(config);
  if (matches(config, present.config)) return present;
  const fixed = FIXED.find((key) => !matches(config[key], present.config[key]));
  if (fixed !== undefined) {
    throw new StreamError(
      "refused",
      `The JetStream stream ${config.name} has another ${fixed}: remove it, or use another prefix`,
    );
  }
  try {
    return await manager.streams.update(config.name, { ...present.config, ...config });
  } catch (error) {
    // Other limits than those wished for are no reason not to serve.
    if (!(error instanceof JetStreamApiError)) throw error;
    log.warn("JetStream keeps the old limits of {name}: {error}", { name: config.name, error });
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
