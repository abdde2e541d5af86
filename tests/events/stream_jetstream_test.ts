import { streamConformance } from "../conformance/stream.ts";
import { sharedBackends } from "../support/backends.ts";
import { openJetStreamPlace } from "./jetstream_place.ts";

const { natsUrl } = await sharedBackends();

streamConformance("JetStream stream", (limits) => openJetStreamPlace(natsUrl, limits));
