import type { Announcement, AnnouncementLevel, WaygateClient } from "../../client/client.ts";
import { newElement } from "../../elements/new_element.ts";
import { clockTime } from "./clock_time.ts";
import { find } from "./find.ts";
import { isolatedElement } from "./isolate.ts";

const TITLES: Readonly<Record<AnnouncementLevel, string>> = {
  info: "Announcement",
  warning: "Warning",
  critical: "Important",
};

/** Who makes room first. */
const LEVELS: readonly AnnouncementLevel[] = ["info", "warning", "critical"];

/** More would leave no room for the lobby. */
const SHOWN = 3;

/** Shows announcements above everything else until they are dismissed. */
export function showAnnouncements(client: WaygateClient): void {
  const region = find("announcements", HTMLElement);
  client.on("system.announcement", (announcement) => {
    const banner = newBanner(announcement);
    banner.querySelector("button")?.addEventListener("click", () => takeOut(region, banner));
    region.append(banner);
    if (region.childElementCount > SHOWN) takeOut(region, leastOf(region));
    // It may be taller than its room, and then the arrow keys have to reach the rest of it.
    region.tabIndex = 0;
    if (!region.contains(document.activeElement)) region.scrollTop = region.scrollHeight;
  });
}

/** The oldest of the lowest level. */
function leastOf(region: HTMLElement): Element | null {
  for (const level of LEVELS) {
    const banner = region.querySelector(`.banner.${level}`);
    if (banner !== null) return banner;
  }
  return region.firstElementChild;
}

/** Takes a banner out; a focus that was in it goes on to the next, or back to the lobby. */
function takeOut(region: HTMLElement, banner: Element | null): void {
  const focused = banner?.contains(document.activeElement) === true;
  const next = banner?.nextElementSibling ?? banner?.previousElementSibling;
  banner?.remove();
  if (region.childElementCount === 0) region.removeAttribute("tabindex");
  if (focused) (next?.querySelector("button") ?? lobbyPart())?.focus();
}

/** The messages; on a phone, whichever part is shown. */
function lobbyPart(): HTMLElement | undefined {
  const parts = ["messages", "people", "events"].map((id) => find(id, HTMLElement));
  return parts.find((part) => part.checkVisibility());
}

function newBanner({ level, message, sent_at }: Announcement): HTMLElement {
  return newElement(
    "div",
    { class: `banner ${level}`, role: level === "critical" ? "alert" : "status" },
    newElement(
      "p",
      {},
      newElement("strong", {}, TITLES[level] ?? TITLES.info),
      " ",
      isolatedElement(message),
      " ",
      newElement("time", { datetime: sent_at, class: "hint" }, clockTime(Date.parse(sent_at))),
    ),
    newElement("button", { type: "button", class: "quiet" }, "Dismiss"),
  );
}
