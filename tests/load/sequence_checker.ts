/** So many missing numbers are remembered, in case they come after all. */
const MAX_MISSING = 10_000;

/** Follows one numbered stream, 1 and on, and tells what is wrong with it. */
export class SequenceChecker {
  #last = 0;
  readonly #missing = new Set<number>();
  /** Numbers that came, each counted once. */
  received = 0;
  /** Numbers that came again. */
  doubled = 0;
  /** Numbers that came after a later one. */
  misordered = 0;

  /** Takes the number of a message that arrived. */
  take(number: number): void {
    if (number > this.#last) {
      for (let gap = this.#last + 1; gap < number && this.#missing.size < MAX_MISSING; gap++) {
        this.#missing.add(gap);
      }
      this.#last = number;
      this.received++;
    } else if (this.#missing.delete(number)) {
      this.misordered++;
      this.received++;
    } else this.doubled++;
  }
}
