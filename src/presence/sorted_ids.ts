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

/** A set that is always sorted. Changes move memory, but compare only log₂ of its size. */
export class SortedIds {
  readonly #ids: string[] = [];

  get size(): number {
    return this.#ids.length;
  }

  /** Adds an id, once. */
  add(id: string): void {
    const at = this.#position(id);
    if (this.#ids[at] !== id) this.#ids.splice(at, 0, id);
  }

  /** Removes an id if it is there. */
  delete(id: string): void {
    const at = this.#position(id);
    if (this.#ids[at] === id) this.#ids.splice(at, 1);
  }

  /** The first `limit` ids behind `after`, which need not be there itself. */
  page(after: string | undefined, limit: number): string[] {
    let start = 0;
    if (after !== undefined) {
      const at = this.#position(after);
      start = this.#ids[at] === after ? at + 1 : at;
    }
    return this.#ids.slice(start, start + limit);
  }

  /** Where the id is or belongs. */
  #position(id: string): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = this.#ids[middle];
      if (found !== undefined && compareIds(found, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
