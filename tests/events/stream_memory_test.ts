import { streamConformance } from "../conformance/stream.ts";
import { openMemoryPlace } from "./memory_place.ts";

streamConformance("memory stream", openMemoryPlace);
