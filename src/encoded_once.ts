/**
 * A result that many are sent: it is written as JSON when the first is, and not again. It must not
 * change afterwards.
 */
export abstract class EncodedOnce {
  #json: string | undefined;
  #frame = { before: "", after: "", whole: "" };

  /** The value as JSON. */
  get json(): string {
    return this.#json ??= JSON.stringify(this);
  }

  /**
   * The value as JSON between two texts. Clients of one make ask for the same with the same request
   * id: the whole answer is then one string for all of them, which need not be copied together again.
   */
  within(before: string, after: string): string {
    const { before: known, after: end, whole } = this.#frame;
    if (whole !== "" && known === before && end === after) return whole;
    this.#frame = { before, after, whole: before + this.json + after };
    return this.#frame.whole;
  }
}
