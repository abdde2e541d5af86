import type { NatsConnection } from "@nats-io/nats-core";
import { jetstreamManager } from "@nats-io/jetstream";
import { connectNatsBus, type NatsBus } from "../../src/bus/bus_nats.ts";
import { createSubjects, type Subjects } from "../../src/bus/subjects.ts";
import { streamName } from "../../src/events/jetstream_setup.ts";
import type { StreamLimits } from "../../src/events/limits.ts";
import type { EventStream } from "../../src/events/stream.ts";
import {
  createJetStreamStream,
  type JetStreamStreamOptions,
} from "../../src/events/stream_jetstream.ts";
import { AMPLE, type StreamPlace } from "../conformance/stream/place.ts";
import { uniquePrefix } from "../support/backends.ts";
import { until } from "../support/wait.ts";

/** One node's stream with the bus that it owns. */
export interface JetStreamNode extends AsyncDisposable {
  readonly stream: EventStream;
  readonly bus: NatsBus;
  readonly malformed: string[];
}

/** A node's stream on the server at `url`; it may not be ready yet. */
export function openNode(
  url: string,
  subjects: Subjects,
  options: Partial<JetStreamStreamOptions> = {},
): JetStreamNode {
  const bus = connectNatsBus({ servers: url, name: "test" });
  const malformed: string[] = [];
  const stream = createJetStreamStream({
    bus,
    subjects,
    limits: AMPLE,
    replicas: 1,
    storage: "file",
    onMalformed: (subject, reason) => malformed.push(`${subject}: ${reason}`),
    ...options,
  });
  return {
    stream,
    bus,
    malformed,
    async [Symbol.asyncDispose]() {
      await stream.close();
      await bus.close();
    },
  };
}

/** Waits until a stream can store and replay. */
export async function ready(stream: EventStream): Promise<void> {
  await until(() => stream.status === "ready", { what: "the stream", timeoutMs: 15_000 });
}

/** A place on the server at `url`, with a stream of its own that goes with it. */
export async function openJetStreamPlace(
  url: string,
  limits: Partial<StreamLimits> = {},
  replicas = 1,
): Promise<StreamPlace> {
  const subjects = createSubjects(uniquePrefix());
  const nodes: JetStreamNode[] = [];
  const service = connectNatsBus({ servers: url, name: "service" });
  const connection = await service.connection();
  return {
    subjects,
    service,
    get malformed() {
      return nodes.flatMap(({ malformed }) => malformed);
    },
    async node() {
      const node = openNode(url, subjects, { limits: { ...AMPLE, ...limits }, replicas });
      nodes.push(node);
      await ready(node.stream);
      return node.stream;
    },
    async age() {
      await until(async () => await storedMessages(connection, subjects) === 0, {
        what: "the stream to be empty",
        timeoutMs: 20_000,
        intervalMs: 100,
      });
    },
    async [Symbol.asyncDispose]() {
      for (const node of nodes) await node[Symbol.asyncDispose]();
      const manager = await jetstreamManager(connection);
      await manager.streams.delete(streamName(subjects));
      await service.close();
    },
  };
}

/** What servers have of a stream. */
export async function streamInfo(connection: NatsConnection, subjects: Subjects) {
  const manager = await jetstreamManager(connection);
  return await manager.streams.info(streamName(subjects));
}

async function storedMessages(connection: NatsConnection, subjects: Subjects): Promise<number> {
  return (await streamInfo(connection, subjects)).state.messages;
}
