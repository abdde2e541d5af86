import { createMemoryBus } from "../../src/bus/bus_memory.ts";
import { createSubjects } from "../../src/bus/subjects.ts";
import type { EventStream } from "../../src/events/stream.ts";
import { createMemoryStream, MEMORY_LIMITS } from "../../src/events/stream_memory.ts";

/** An event stream in this process, on a bus of its own; `isShared`: as if all nodes had this one. */
export function memoryStream(isShared = false): EventStream {
  return createMemoryStream({
    bus: createMemoryBus(),
    subjects: createSubjects("waygate"),
    limits: { ...MEMORY_LIMITS, windowMs: 60_000 },
    shared: isShared,
    onMalformed() {},
  });
}
