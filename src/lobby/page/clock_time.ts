const minutes = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** Hours and minutes where the player is, for example `09:41`. @param at in ms since 1970 */
export function clockTime(at: number): string {
  return minutes.format(at);
}

/** The same with seconds. @param at in ms since 1970 */
export function clockTimeWithSeconds(at: number): string {
  return seconds.format(at);
}
