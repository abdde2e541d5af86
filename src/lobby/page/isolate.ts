import { newElement } from "../../elements/new_element.ts";
import { plainWords } from "../../elements/plain_words.ts";

/**
 * Words of somebody else for the middle of a sentence, whatever their direction: set apart, so that
 * they order nothing but themselves (Unicode UAX #9 §2.4.2).
 */
export function isolate(words: string): string {
  return `\u2068${plainWords(words)}\u2069`;
}

/** A sentence without its marks of direction, as people type it when they look for it. */
export function withoutIsolates(sentence: string): string {
  return sentence.replace(/[\u2068\u2069]/g, "");
}

/** A sentence for the page, where an element does what the marks do in plain text. */
export function isolatedNodes(sentence: string): (Node | string)[] {
  return sentence.split(/\u2068([^\u2069]*)\u2069/).map((part, at) => {
    return at % 2 === 0 ? part : isolatedElement(part);
  });
}

/** Words of somebody else in a line of the page; see {@linkcode isolate}. */
export function isolatedElement(words: string): HTMLElement {
  return newElement("bdi", {}, plainWords(words));
}
