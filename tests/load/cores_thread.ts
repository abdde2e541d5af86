/**
 * One thread of {@link ./cores.ts}.
 *
 * @module
 */
import { Crowd } from "../bench/peers/crowd.ts";
import { WAYGATE } from "../bench/peers/dialect.ts";
import { encodeFrame } from "../bench/peers/frames.ts";
import type { Link } from "../bench/peers/link.ts";

/** What a thread is to do. */
export interface CoresTask {
  readonly port: number;
  /** One client each. */
  readonly tokens: readonly string[];
  /** Requests of each client. */
  readonly outstanding: number;
  readonly durationMs: number;
}

const POLL_MS = 20;

function ask({ port, tokens, outstanding, durationMs }: CoresTask): number {
  const crowd = Crowd.gather({ port, dialect: WAYGATE, tokens });
  const frame = encodeFrame(WAYGATE.request(1));
  const frames = new Uint8Array(frame.length * outstanding);
  for (let n = 0; n < outstanding; n++) frames.set(frame, n * frame.length);
  const send = (link: Link, count: number): void => link.send(frames, count * frame.length);
  for (const link of crowd.links) send(link, outstanding);
  let answers = 0;
  const endsAt = performance.now() + durationMs;
  while (performance.now() < endsAt) {
    crowd.poll(POLL_MS, (link, count) => {
      answers += count;
      send(link, count);
    });
  }
  crowd.close();
  return answers;
}

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<CoresTask>) => void) | null;
  postMessage(answers: number): void;
};

scope.onmessage = ({ data }) => scope.postMessage(ask(data));
