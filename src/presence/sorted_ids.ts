/**
 * Ids in the order of their UTF-8 bytes, which is the order in which Redis keeps them.
 *
 * @module
 */

/** Below, at or above 0, as `a` comes before, is or comes after `b`. */
export function compareIds(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA !== unitB) return codePointRank(unitA) - codePointRank(unitB);
  }
  return a.length - b.length;
}

/** Moves surrogates, that is all beyond U+FFFF, behind the units from U+E000 that they come after. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** So many changes are put into the order one by one; more of them are merged into it. */
const FEW = 64;

/**
 * A set that is sorted when it is read, and only where it has changed since: who comes and goes between
 * two reads costs no more than in a set.
 */
export class SortedIds {
  readonly #members = new Set<string>();
  /** The members as they were last read, in order. */
  #sorted: string[] = [];
  /** Who is either a member or in there, and not both. */
  readonly #changed = new Set<string>();

  get size(): number {
    return this.#members.size;
  }

  /** Adds an id, once. */
  add(id: string): void {
    if (this.#members.has(id)) return;
    this.#members.add(id);
    this.#toggle(id);
  }

  /** Removes an id if it is there. */
  delete(id: string): void {
    if (this.#members.delete(id)) this.#toggle(id);
  }

  /** The first `limit` ids behind `after`, which need not be there itself. */
  page(after: string | undefined, limit: number): string[] {
    this.#sort();
    let start = 0;
    if (after !== undefined) {
      const at = position(this.#sorted, after);
      start = this.#sorted[at] === after ? at + 1 : at;
    }
    return this.#sorted.slice(start, start + limit);
  }

  #toggle(id: string): void {
    if (!this.#changed.delete(id)) this.#changed.add(id);
  }

  #sort(): void {
    if (this.#changed.size > FEW) this.#sorted = this.#merged();
    else for (const id of this.#changed) this.#move(id);
    this.#changed.clear();
  }

  #move(id: string): void {
    const at = position(this.#sorted, id);
    if (this.#members.has(id)) this.#sorted.splice(at, 0, id);
    else this.#sorted.splice(at, 1);
  }

  #merged(): string[] {
    const changed = [...this.#changed];
    const added = changed.filter((id) => this.#members.has(id)).sort(compareIds);
    const kept = this.#sorted.filter((id) => this.#members.has(id));
    return merge(kept, added);
  }
}

/** Two sorted lists in one. */
function merge(a: readonly string[], b: readonly string[]): string[] {
  const merged: string[] = [];
  let atB = 0;
  for (const id of a) {
    for (let next = b[atB]; next !== undefined && compareIds(next, id) < 0; next = b[++atB]) {
      merged.push(next);
    }
    merged.push(id);
  }
  return merged.concat(b.slice(atB));
}

/** Where the id is or belongs. */
function position(ids: readonly string[], id: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = ids[middle];
    if (found !== undefined && compareIds(found, id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
