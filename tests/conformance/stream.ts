/**
 * What every numbered stream must do: the port's promises, as tests.
 *
 * @module
 */
import { testStreamFollowing } from "./stream/following.ts";
import { testStreamLocations } from "./stream/locations.ts";
import type { OpenStreamPlace } from "./stream/place.ts";
import { testStreamReplay } from "./stream/replay.ts";
import { testStreamSeam } from "./stream/seam.ts";
import { testStreamStoring } from "./stream/storing.ts";
import { testStreamStrangers } from "./stream/strangers.ts";

export type { OpenStreamPlace, StreamPlace } from "./stream/place.ts";

/** Holds the streams of `open` to the contract of the port. */
export function streamConformance(name: string, open: OpenStreamPlace): void {
  testStreamStoring(name, open);
  testStreamFollowing(name, open);
  testStreamLocations(name, open);
  testStreamReplay(name, open);
  testStreamSeam(name, open);
  testStreamStrangers(name, open);
}
