import { createMemoryExchange } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import type { StreamLimits } from "../../src/events/limits.ts";
import { createMemoryStream } from "../../src/events/stream_memory.ts";
import { AMPLE, type StreamPlace } from "../conformance/stream/place.ts";

/** A place in memory: all nodes of it use one stream, and its clock can be turned. */
// deno-lint-ignore require-await -- a place is opened asynchronously
export async function openMemoryPlace(limits: Partial<StreamLimits> = {}): Promise<StreamPlace> {
  const exchange = createMemoryExchange();
  const subjects = createSubjects("waygate");
  const malformed: string[] = [];
  let ageMs = 0;
  const stream = createMemoryStream({
    bus: exchange.connect(),
    subjects,
    limits: { ...AMPLE, ...limits },
    shared: true,
    onMalformed: (subject, reason) => malformed.push(`${subject}: ${reason}`),
    now: () => Date.now() + ageMs,
  });
  return {
    subjects,
    service: exchange.connect(),
    malformed,
    node: () => Promise.resolve(stream),
    age: () => Promise.resolve(void (ageMs += 3_600_000)),
    [Symbol.asyncDispose]: () => stream.close(),
  };
}
