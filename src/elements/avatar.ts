import { newElement } from "./new_element.ts";

/**
 * The first letters of up to two words, for a picture that nobody has given: `Ada Lovelace` is `AL`.
 * Whole graphemes, so that an emoji is not torn.
 */
export function initials(name: string): string {
  const words = name.split(/[\s_.:-]+/).filter((word) => word !== "");
  const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
  return words.slice(0, 2)
    .map((word) => [...graphemes.segment(word)][0]?.segment.toUpperCase() ?? "")
    .join("");
}

/** A colour of one's own: a hue in degrees, always the same for the same id. */
export function hueOf(userId: string): number {
  let hash = 0;
  for (let at = 0; at < userId.length; at++) hash = (hash * 31 + userId.charCodeAt(at)) | 0;
  return ((hash % 360) + 360) % 360;
}

/** A round picture of a user, for eyes only: the name stands beside it. */
export function newAvatar(userId: string): HTMLElement {
  const avatar = newElement("span", { class: "avatar", part: "avatar", "aria-hidden": "true" });
  avatar.style.setProperty("--hue", String(hueOf(userId)));
  return avatar;
}

/** Rules of what {@linkcode newAvatar} makes; the dot of a status may be put on it. */
export const AVATAR_CSS = `
.avatar {
  position: relative;
  display: grid;
  flex: none;
  place-items: center;
  width: 2.25rem;
  height: 2.25rem;
  border-radius: 50%;
  background: light-dark(oklch(0.91 0.06 var(--hue)), oklch(0.36 0.08 var(--hue)));
  color: light-dark(oklch(0.36 0.11 var(--hue)), oklch(0.93 0.05 var(--hue)));
  font-size: 0.8125rem;
  font-weight: 600;
}
.avatar .dot {
  position: absolute;
  inset: auto -0.125rem -0.125rem auto;
  width: 0.75rem;
  height: 0.75rem;
  outline: 0.125rem solid var(--_hole);
}
`;
