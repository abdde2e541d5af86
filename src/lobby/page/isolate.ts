/** What would turn the rest of the line around: embeddings, overrides and isolates. */
const CONTROLS = /[\u202A-\u202E\u2066-\u2069]/g;

/**
 * Words of somebody else for the middle of a sentence, whatever their direction: set apart, so that
 * they order nothing but themselves (Unicode UAX #9 §2.4.2).
 */
export function isolate(words: string): string {
  return `\u2068${words.replace(CONTROLS, "")}\u2069`;
}

/** A sentence without its marks of direction, as people type it when they look for it. */
export function withoutIsolates(sentence: string): string {
  return sentence.replace(CONTROLS, "");
}

/** A sentence for the page, where an element does what the marks do in plain text. */
export function isolatedNodes(sentence: string): (Node | string)[] {
  return sentence.split(/\u2068([^\u2069]*)\u2069/).map((part, at) => {
    if (at % 2 === 0) return part;
    const apart = document.createElement("bdi");
    apart.textContent = part;
    return apart;
  });
}
