import assert from "node:assert/strict";
import type { Beat } from "../../src/presence/beat.ts";
import { Peers, type Verdict } from "../../src/presence/peers.ts";

const LOOK_MS = 50;
const BEAT_MS = 500;

Deno.test("judge() asks a late peer, and gives up a silent one once", () => {
  const life = new Life();
  life.peers.hear(beat("b:1"), 0);
  assert.deepEqual(life.pass(550), []);
  assert.deepEqual(new Set(life.pass(900)), new Set(["ask b"]));
  assert.deepEqual(life.pass(300).filter((it) => it.startsWith("dead")), ["dead b:1"]);
  assert.deepEqual(life.pass(5000), []);
  assert.deepEqual(life.heard, []);
});

Deno.test("judge() asks the next node in the ring between its beats, and no other", () => {
  for (const [self, next] of [["a", "b"], ["b", "c"], ["c", "d"], ["d", "a"]] as const) {
    const life = new Life(self);
    for (const id of ["a", "b", "c", "d"]) {
      if (id !== self) life.peers.hear(beat(`${id}:1`), 0);
    }
    assert.deepEqual(new Set(life.pass(450)), new Set([`ask ${next}`]));
  }
});

Deno.test("a peer that beats, or answers, is left alone", () => {
  const life = new Life();
  life.peers.hear(beat("b:1"), 0);
  life.peers.hear(beat("c:1"), 0);
  for (let times = 0; times < 20; times++) {
    life.peers.hear(beat("b:1"), life.nowMs);
    assert.deepEqual(life.peers.answered("c", "c:1", life.nowMs), []);
    assert.deepEqual(life.pass(BEAT_MS), []);
  }
});

Deno.test("a peer that says goodbye is not missed", () => {
  const life = new Life();
  life.peers.hear(beat("b:1"), 0);
  life.peers.hear({ ...beat("b:1"), is_leaving: true }, 0);
  assert.deepEqual(life.pass(5000), []);
});

Deno.test("absent() gives all instances of a node, which are forgotten", () => {
  const life = new Life();
  const { peers } = life;
  for (const instance of ["b:1", "b:2", "c:1"]) peers.hear(beat(instance), 0);
  assert.deepEqual(peers.absent("b", 0), [], "it may be changing its server");
  life.pass(250);
  assert.deepEqual(peers.absent("b", life.nowMs), ["b:1", "b:2"]);
  assert.deepEqual(peers.absent("b", life.nowMs), []);
  assert.deepEqual(life.heard, ["c:1"]);
});

Deno.test("absent() proves nothing after a cut of our own, nor of a peer heard meanwhile", () => {
  const life = new Life();
  const { peers } = life;
  for (const instance of ["b:1", "c:1"]) peers.hear(beat(instance), 0);
  for (const id of ["b", "c"]) peers.absent(id, 0);
  life.pass(200);
  peers.hear(beat("c:1"), life.nowMs);
  life.pass(100);
  assert.deepEqual(peers.absent("c", life.nowMs), []);
  peers.suspend();
  peers.hearSelf(0, life.nowMs);
  life.pass(1000);
  assert.deepEqual(peers.absent("b", life.nowMs), []);
});

Deno.test("a silent peer is given up only when our own beat, sent after that, has come back", () => {
  const life = new Life();
  life.peers.hear(beat("b:1"), 0);
  life.pass(1450);
  assert.deepEqual(life.look(), ["ask b"]);
  // The link stands still from here on: what we said before comes back, what we say now does not.
  life.echoes = false;
  const verdicts = life.pass(300);
  assert.ok(verdicts.includes("beat") && !verdicts.some((it) => it.startsWith("dead")));
  life.peers.hearSelf(life.seq, life.nowMs);
  life.peers.beat();
  assert.ok(life.pass(5000).every((verdict) => !verdict.startsWith("dead")));
  // It moves again, and brings what the peer said meanwhile after what we said.
  life.echoes = true;
  const since = life.pass(1000);
  life.peers.hear(beat("b:1"), life.nowMs);
  assert.deepEqual(new Set([...since, ...life.pass(200)]), new Set(["doubt"]));
});

Deno.test("of two incarnations the node itself says which is over, in whatever order they are heard", () => {
  for (const order of [["b:x-0", "b:y-0"], ["b:y-0", "b:x-0"]]) {
    const { peers } = new Life();
    assert.deepEqual(order.map((instance) => peers.hear(beat(instance), 0)), [false, true]);
    assert.deepEqual(peers.answered("b", "b:y-0", 0), ["b:x-0"]);
    assert.equal(peers.hear(beat("b:y-0"), 0), false);
  }
});

Deno.test("a process that goes on after a lost lease sees to its past by itself", () => {
  const life = new Life();
  life.peers.hear(beat("b:x-0"), 0);
  assert.equal(life.peers.hear(beat("b:x-1"), 0), true);
  assert.deepEqual(life.peers.answered("b", "b:x-1", 0), []);
  assert.deepEqual(life.pass(500), []);
  assert.deepEqual(life.heard, ["b:x-1"]);
});

Deno.test("silence after a cut of our own proves nothing until the peer is heard again, or long enough", () => {
  const life = new Life();
  life.peers.hear(beat("b:1"), 0);
  life.peers.hear(beat("c:1"), 0);
  life.peers.suspend();
  assert.deepEqual(life.pass(4900), []);
  life.peers.hear(beat("b:1"), life.nowMs);
  assert.deepEqual(life.pass(1400).filter((it) => it.startsWith("dead")), []);
  assert.deepEqual(life.heard, ["b:1", "c:1"], "c has had five seconds to come back, and 1.3");
  const verdicts = life.pass(1500);
  assert.ok(verdicts.includes("dead b:1") && verdicts.includes("dead c:1"), verdicts.join());
});

Deno.test("silence does not count while this process stands still, and it doubts itself then", () => {
  const life = new Life();
  life.peers.hear(beat("b:1"), 0);
  life.pass(200);
  life.nowMs += 6000;
  assert.deepEqual(life.look(), ["doubt"]);
  // What the peer said meanwhile is read only after the first look.
  life.peers.hear(beat("b:1"), life.nowMs);
  assert.deepEqual(life.pass(550), []);
});

Deno.test("a peer that dies while this process stutters is given up all the same", () => {
  const life = new Life();
  life.peers.hear(beat("b:1"), 0);
  const verdicts = [];
  for (let times = 0; times < 20; times++) {
    life.nowMs += 200;
    life.peers.hearSelf(life.peers.beat(), life.nowMs);
    verdicts.push(...life.look());
  }
  assert.ok(verdicts.includes("dead b:1"), verdicts.join());
});

Deno.test("who does not even hear themselves suspects nobody, and doubts themselves afterwards", () => {
  const life = new Life();
  life.peers.hear(beat("b:1"), 0);
  life.pass(450);
  life.echoes = false;
  assert.ok(life.pass(10_000).every((verdict) => verdict.startsWith("ask")));
  life.echoes = true;
  life.peers.hearSelf(life.peers.beat(), life.nowMs);
  life.peers.hear(beat("b:1"), life.nowMs);
  assert.deepEqual(life.pass(BEAT_MS), ["doubt"]);
});

Deno.test("a gap in what a peer says, or a stranger who was there before, tells of something missed", () => {
  const life = new Life();
  life.pass(2000);
  const hear = (instance: string, seq: number) => {
    life.peers.hear({ ...beat(instance), seq }, life.nowMs);
    return life.look().includes("missed");
  };
  assert.equal(hear("b:x-0", 1), false, "a node that starts");
  assert.equal(hear("b:x-0", 2), false);
  assert.equal(hear("b:x-0", 4), true, "3 is missing");
  assert.equal(hear("b:x-1", 5), false, "the same process under its next incarnation");
  assert.equal(hear("c:x-0", 70), true, "a stranger who is not new");
  life.peers.suspend();
  assert.equal(hear("c:x-0", 90), false, "after a cut of our own everything is looked up anyway");
  const young = new Life();
  young.peers.hear({ ...beat("c:x-0"), seq: 70 }, young.nowMs);
  assert.deepEqual(young.look(), [], "nobody could have heard it before");
});

Deno.test("who was alone so far hears nothing that proves anything", () => {
  const peers = new Peers("e");
  peers.hear(beat("b:1"), 0);
  for (let nowMs = 0; nowMs < 5000; nowMs += LOOK_MS) assert.deepEqual(peers.judge(nowMs), []);
});

/** A node that looks around all the time, and hears its own beats. */
class Life {
  readonly peers: Peers;
  nowMs = 0;
  /** Whether its beats come back. */
  echoes = true;
  /** Its last beat that came back. */
  seq = 0;
  readonly #neighbour: string;

  /** @param nodeId its own; unless told, another node that is well comes next in the ring */
  constructor(nodeId?: string) {
    this.peers = new Peers(nodeId ?? "y");
    this.#neighbour = nodeId === undefined ? "z:1" : "";
    this.#hearSelf();
    if (this.#neighbour !== "") this.peers.hear(beat(this.#neighbour), 0);
    this.look();
  }

  /** Instances that count as living, but for the one that is always well. */
  get heard(): string[] {
    const instances = this.peers.beats.map(({ instance }) => instance);
    return instances.filter((instance) => instance !== this.#neighbour);
  }

  /** Lets time pass; gives what followed from it. */
  pass(ms: number): string[] {
    const verdicts: string[] = [];
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += LOOK_MS;
      if (this.echoes && this.nowMs % BEAT_MS === 0) this.#hearSelf();
      if (this.echoes) this.peers.answered("z", "z:1", this.nowMs);
      const seen = this.look();
      if (this.echoes && seen.includes("beat")) this.#hearSelf();
      verdicts.push(...seen);
    }
    return verdicts;
  }

  #hearSelf(): void {
    this.seq = this.peers.beat();
    this.peers.hearSelf(this.seq, this.nowMs);
  }

  look(): string[] {
    return this.peers.judge(this.nowMs).map(inWords);
  }
}

function inWords(verdict: Verdict): string {
  if (verdict.kind === "ask") return `ask ${verdict.nodeId}`;
  return verdict.kind === "dead" ? `dead ${verdict.instance}` : verdict.kind;
}

function beat(instance: string): Beat {
  return {
    node_id: instance.slice(0, instance.indexOf(":")),
    instance,
    region: "eu",
    connections: 0,
    started_at: "2026-01-02T03:04:05.006Z",
    is_leaving: false,
  };
}
