/**
 * The seam between a replay and what is live, under random interleavings.
 *
 * `WAYGATE_TEST_SEAM_RUNS` asks for more runs, `WAYGATE_TEST_SEAM_SEED` for the ones of a failure, which
 * tells its seed.
 *
 * @module
 */
import assert from "node:assert/strict";
import process from "node:process";
import fc from "fast-check";
import type { EventStream, Following, StreamEntry } from "../../../src/events/stream.ts";
import { until } from "../../support/wait.ts";
import { announcement, event, type OpenStreamPlace, send } from "./place.ts";

type Step =
  | { readonly kind: "event" | "announcement" | "other" | "location"; readonly wait: boolean }
  | { readonly kind: "break" | "resume"; readonly wait: boolean };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.oneof(
      { weight: 8, arbitrary: fc.constant("event" as const) },
      { weight: 2, arbitrary: fc.constantFrom("announcement", "other", "location") },
      { weight: 3, arbitrary: fc.constantFrom("break", "resume") },
    ),
    wait: fc.boolean(),
  }),
  { maxLength: 60 },
);

export function testStreamSeam(name: string, open: OpenStreamPlace): void {
  Deno.test(`${name}: a client that comes back has each entry once and in order`, async () => {
    await using place = await open();
    const nodes = [await place.node(), await place.node()];
    const seed = process.env["WAYGATE_TEST_SEAM_SEED"];
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => await play(nodes, steps)),
      {
        numRuns: Number(process.env["WAYGATE_TEST_SEAM_RUNS"] || 60),
        ...(seed && { seed: Number(seed) }),
      },
    );
  });
}

let users = 0;

async function play(nodes: readonly EventStream[], steps: readonly Step[]): Promise<void> {
  const userId = `user-${++users}`;
  const client = new Client(nodes, userId);
  const stored: number[] = [];
  const pending: Promise<unknown>[] = [];
  await client.resume();
  for (const [index, step] of steps.entries()) {
    const node = nodes[index % nodes.length] as EventStream;
    const work = run(step, node, client, stored, userId);
    pending.push(work);
    if (step.wait) await work;
  }
  await Promise.all(pending);
  await client.resume();
  await until(() => client.received.length >= stored.length, { what: "every entry" });
  assert.deepEqual(client.received, stored.toSorted((a, b) => a - b));
  client.break();
}

async function run(
  step: Step,
  node: EventStream,
  client: Client,
  stored: number[],
  userId: string,
): Promise<void> {
  switch (step.kind) {
    case "event":
      stored.push(await send(node, userId));
      break;
    case "announcement":
      stored.push((await node.announce(announcement())).seq);
      break;
    case "other":
      await send(node, "somebody else");
      break;
    case "location":
      await node.appendToLocation("lobby", event(userId), crypto.randomUUID());
      break;
    case "break":
      client.break();
      break;
    case "resume":
      await client.resume();
      break;
  }
}

/** A client's connections one after another, held as the gateway is going to hold them. */
class Client {
  readonly received: number[] = [];
  readonly #nodes: readonly EventStream[];
  readonly #userId: string;
  #following: Following | undefined;
  #lastSeq: number | undefined;
  #resumes = 0;

  constructor(nodes: readonly EventStream[], userId: string) {
    this.#nodes = nodes;
    this.#userId = userId;
  }

  break(): void {
    this.#following?.stop();
    this.#following = undefined;
  }

  /** Breaks what is there and comes back on the next node. */
  async resume(): Promise<void> {
    this.break();
    const node = this.#nodes[this.#resumes++ % this.#nodes.length] as EventStream;
    let held: StreamEntry[] | undefined = [];
    let newest = 0;
    const following = node.follow(this.#userId, {
      onEntry: (entry) => {
        assert.ok(entry.seq > newest, "Entries came in another order than their numbers'");
        newest = entry.seq;
        if (held) held.push(entry);
        else if (this.#following === following) this.#take(entry);
      },
      onLost: () => assert.fail("Nothing was lost"),
    });
    this.#following = following;
    const start = await following.ready;
    if (this.#following !== following) return;
    if (this.#lastSeq === undefined) {
      this.#lastSeq = start;
    } else {
      const replay = await node.replay(this.#userId, this.#lastSeq);
      assert.equal(replay.complete, true);
      if (this.#following !== following) return;
      replay.entries.forEach((entry) => this.#take(entry));
    }
    const live = held;
    held = undefined;
    live.forEach((entry) => this.#take(entry));
  }

  #take({ seq }: StreamEntry): void {
    if (this.#lastSeq !== undefined && seq <= this.#lastSeq) return;
    this.#lastSeq = seq;
    this.received.push(seq);
  }
}
