/** Embeddings, overrides and isolates (Unicode UAX #9 §2): letters have a direction without them. */
const BIDI_CONTROLS = /[\u202A-\u202E\u2066-\u2069]/g;

/** Control characters, among them those that end a paragraph (§3.1.1), and its own separator. */
const SEPARATORS = /[\p{Cc}\u2029]/gu;

/**
 * Words of somebody else for one line of ours. Browsers let an unclosed isolate, and whatever ends a
 * paragraph, break out of a `<bdi>`: what stands beside it would be turned around.
 */
export function plainWords(words: string): string {
  return words.replace(BIDI_CONTROLS, "").replace(SEPARATORS, " ");
}
