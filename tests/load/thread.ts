/**
 * One thread of the loader.
 *
 * @module
 */
import { Crew } from "./crew.ts";
import { Metronome } from "./metronome.ts";
import type { Plan, Start } from "./plan.ts";
import { nowMs, Recorder } from "./recorder.ts";
import { Schedule } from "./schedule.ts";
import { Storm } from "./storm.ts";
import type { FromThread, ToThread } from "./thread_messages.ts";

/** What is due within less is sent together. */
const MIN_INTERVAL_MS = 1;
const SETTLE_POLL_MS = 10;
const PROGRESS_INTERVAL_MS = 250;
/** What is under way at the end may take so long, in ms. */
const SETTLE_LIMIT_MS = 5000;

/** The part of the worker's global scope that is used. */
interface ThreadScope {
  onmessage: ((event: MessageEvent<ToThread>) => void) | null;
  postMessage(message: FromThread): void;
}

const scope = globalThis as unknown as ThreadScope;
const recorder = new Recorder();
let crew: Crew | undefined;
let storm: Storm | undefined;
const stopping = new AbortController();
let reporting: ReturnType<typeof setInterval> | undefined;

scope.onmessage = ({ data }) => {
  handle(data).catch((error) => {
    scope.postMessage({
      kind: "failed",
      message: error instanceof Error ? error.message : `${error}`,
    });
  });
};

async function handle(message: ToThread): Promise<void> {
  if (message.kind === "assemble") await assemble(message.plan);
  else if (message.kind === "start") await work(message.start);
  else if (message.kind === "stop") stopping.abort();
  else await disband();
}

async function assemble(plan: Plan): Promise<void> {
  crew = Crew.for(plan, recorder);
  if (crew === undefined) storm = new Storm(plan, recorder);
  else await crew.assemble();
  scope.postMessage({ kind: "assembled" });
}

async function work(start: Start): Promise<void> {
  recorder.timedFromMs = start.startMs + start.warmupMs;
  reporting = setInterval(report, PROGRESS_INTERVAL_MS);
  if (storm !== undefined) await storm.run(start, stopping.signal);
  else if (crew !== undefined) await follow(crew, start);
  report();
  scope.postMessage({ kind: "finished" });
}

/** Sends what is due when it is due, then waits for what is under way. */
async function follow(crew: Crew, { startMs, rate, durationMs }: Start): Promise<void> {
  const schedule = new Schedule(startMs, rate, durationMs);
  const over = Promise.withResolvers<void>();
  stopping.signal.addEventListener("abort", () => over.resolve());
  const intervalMs = Math.max(1000 / rate, MIN_INTERVAL_MS);
  // A thread takes a while to begin: it is there when the start comes.
  const metronome = new Metronome(startMs, intervalMs, () => {
    for (let slot = schedule.take(nowMs()); slot; slot = schedule.take(nowMs())) crew.act(slot);
    if (schedule.isDone) over.resolve();
  });
  await sleep(startMs - nowMs());
  crew.startVisits();
  await over.promise;
  metronome.stop();
  await crew.stopVisits();
  const limitMs = nowMs() + SETTLE_LIMIT_MS;
  while (!crew.isSettled && nowMs() < limitMs) await sleep(SETTLE_POLL_MS);
}

async function disband(): Promise<void> {
  await crew?.disband();
  clearInterval(reporting);
  report();
  scope.postMessage({ kind: "disbanded" });
}

function report(): void {
  scope.postMessage({ kind: "progress", progress: recorder.take() });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
