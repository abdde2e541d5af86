import assert from "node:assert/strict";
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamInfo,
} from "@nats-io/jetstream";
import { createSubjects } from "../../src/bus/subjects.ts";
import { ensureStream, JETSTREAM_LIMITS } from "../../src/events/jetstream_setup.ts";

Deno.test("a node that makes the stream together with another one goes by the leader's word of when", async () => {
  let made: StreamInfo | undefined;
  const notFound = { code: 404, err_code: JetStreamApiCodes.StreamNotFound, description: "" };
  const streams: Pick<JetStreamManager["streams"], "add" | "info"> = {
    info: () =>
      made === undefined ? Promise.reject(new JetStreamApiError(notFound)) : Promise.resolve(made),
    // The other node's call comes second, and it is what counts.
    add: (config) => {
      made = { created: "2026-01-01T00:00:00.002Z", config } as StreamInfo;
      return Promise.resolve({ ...made, created: "2026-01-01T00:00:00.000Z" });
    },
  };
  const plan = {
    subjects: createSubjects("made"),
    limits: { ...JETSTREAM_LIMITS, windowMs: 60_000 },
    replicas: 3,
    storage: "file",
  } as const;
  const { created } = await ensureStream({ streams } as JetStreamManager, plan);
  assert.equal(created, "2026-01-01T00:00:00.002Z");
});
