/**
 * A writer under test, and what it writes.
 *
 * @module
 */
import type { Change } from "../../src/presence/store.ts";
import { createMemoryStore } from "../../src/presence/store_memory.ts";
import type { Intent } from "../../src/presence/write_queue.ts";
import { PresenceWriter } from "../../src/presence/writer.ts";
import { LEASE_MS, leave, put, resume, session, WINDOW_MS } from "../conformance/store/builders.ts";
import type { FaultyStore } from "./faulty_store.ts";

/** A writer of one node whose store is of the class given, ready to write. */
export async function startWriter(Store: typeof FaultyStore) {
  const memory = createMemoryStore({ resumeWindowMs: WINDOW_MS });
  await memory.openLease("n1:1", 10 * LEASE_MS);
  const store = new Store(memory);
  const outcomes: string[] = [];
  const node = { instance: "n1:1", leasesLost: 0, refused: 0 };
  const writer: PresenceWriter = new PresenceWriter({
    store,
    instance: () => node.instance,
    change: (sessionId, intent) => changeOf(sessionId, intent, node.instance),
    onOutcome: (sessionId, _, { changed }, isRepeated) =>
      outcomes.push(`${sessionId}${isRepeated ? " again" : ""}${changed ? "" : ", unchanged"}`),
    onUnanswered: () => {},
    onLeaseLost: () => {
      node.leasesLost++;
      node.instance = "n1:2";
    },
    onRefused: () => node.refused++,
  });
  writer.resume();
  const batches = () =>
    store.calls.filter(({ name }) => name === "apply").map(({ changes }) => changes.map(inWords));
  return { writer, memory, store, outcomes, node, batches };
}

function changeOf(sessionId: string, intent: Intent, instance: string): Change {
  const state = session(sessionId, { instance });
  if (intent.op === "leave") return leave("ada", state);
  return intent.op === "put" ? put("ada", state) : resume("ada", intent.fromSessionId, state);
}

function inWords(change: Change): string {
  return `${change.op} ${"session" in change ? change.session.session_id : change.session_id}`;
}
