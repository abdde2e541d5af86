/**
 * Finding who is interested in a subject.
 *
 * @module
 */

/** One part of the patterns: a value sits where its pattern ends. */
class Branch<T> {
  readonly parts = new Map<string, Branch<T>>();
  /** The pattern ends here. */
  readonly values = new Set<T>();
  /** The pattern ends here with a `>`. */
  readonly tails = new Set<T>();

  get bare(): boolean {
    return this.parts.size === 0 && this.values.size === 0 && this.tails.size === 0;
  }
}

/**
 * Values by subject pattern, with NATS's wildcards: `*` is any one part, a final `>` one part or
 * more. Concrete subjects, the bulk of all interest, are looked up at once; patterns are walked part
 * by part, so that cost follows the length of the subject and not the number of patterns.
 */
export class SubjectTree<T> {
  readonly #exact = new Map<string, Set<T>>();
  readonly #patterns = new Branch<T>();

  /** Adds `value` under a valid pattern. */
  add(pattern: string, value: T): void {
    if (!isPattern(pattern)) {
      const values = this.#exact.get(pattern);
      if (values) values.add(value);
      else this.#exact.set(pattern, new Set([value]));
      return;
    }
    let branch = this.#patterns;
    for (const part of pattern.split(".")) {
      if (part === ">") return void branch.tails.add(value);
      let next = branch.parts.get(part);
      if (!next) branch.parts.set(part, next = new Branch());
      branch = next;
    }
    branch.values.add(value);
  }

  /** Takes back what {@linkcode add} put in with the same pattern. */
  delete(pattern: string, value: T): void {
    if (isPattern(pattern)) return prune(this.#patterns, pattern.split("."), 0, value);
    const values = this.#exact.get(pattern);
    if (values?.delete(value) && values.size === 0) this.#exact.delete(pattern);
  }

  /** Every value whose pattern matches a concrete subject. */
  match(subject: string): T[] {
    const found: T[] = [...this.#exact.get(subject) ?? []];
    if (!this.#patterns.bare) collect(this.#patterns, subject, 0, found);
    return found;
  }
}

function isPattern(pattern: string): boolean {
  return pattern.includes("*") || pattern.endsWith(">");
}

/** Adds what matches the rest of `subject`, which starts at `from`. */
function collect<T>(branch: Branch<T>, subject: string, from: number, found: T[]): void {
  for (const value of branch.tails) found.push(value);
  if (branch.parts.size === 0) return;
  const dot = subject.indexOf(".", from);
  const part = dot === -1 ? subject.slice(from) : subject.slice(from, dot);
  follow(branch.parts.get(part), subject, dot, found);
  follow(branch.parts.get("*"), subject, dot, found);
}

/** Goes on behind the dot; without one the subject ends, and with it every pattern but those of this branch. */
function follow<T>(
  branch: Branch<T> | undefined,
  subject: string,
  dot: number,
  found: T[],
): void {
  if (!branch) return;
  if (dot !== -1) return collect(branch, subject, dot + 1, found);
  for (const value of branch.values) found.push(value);
}

/** Deletes a value and the branches that it leaves bare. */
function prune<T>(branch: Branch<T>, parts: readonly string[], index: number, value: T): void {
  const part = parts[index];
  if (part === undefined) return void branch.values.delete(value);
  if (part === ">") return void branch.tails.delete(value);
  const next = branch.parts.get(part);
  if (!next) return;
  prune(next, parts, index + 1, value);
  if (next.bare) branch.parts.delete(part);
}
