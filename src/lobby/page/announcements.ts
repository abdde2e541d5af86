import type { Announcement, AnnouncementLevel, WaygateClient } from "../../client/client.ts";
import { newElement } from "../../elements/new_element.ts";
import { clockTime } from "./clock_time.ts";
import { find } from "./find.ts";

const TITLES: Readonly<Record<AnnouncementLevel, string>> = {
  info: "Announcement",
  warning: "Warning",
  critical: "Important",
};

/** More would leave no room for the lobby. */
const SHOWN = 3;

/** Shows announcements above everything else until they are dismissed. */
export function showAnnouncements(client: WaygateClient): void {
  const region = find("announcements", HTMLElement);
  client.on("system.announcement", (announcement) => {
    region.append(newBanner(announcement));
    if (region.childElementCount > SHOWN) region.firstElementChild?.remove();
  });
}

function newBanner({ level, message, sent_at }: Announcement): HTMLElement {
  const dismiss = newElement("button", { type: "button", class: "quiet" }, "Dismiss");
  const banner = newElement(
    "div",
    { class: `banner ${level}`, role: level === "critical" ? "alert" : "status" },
    newElement(
      "p",
      {},
      newElement("strong", {}, TITLES[level] ?? TITLES.info),
      " ",
      newElement("span", {}, message),
      " ",
      newElement("time", { datetime: sent_at, class: "hint" }, clockTime(Date.parse(sent_at))),
    ),
    dismiss,
  );
  dismiss.addEventListener("click", () => banner.remove());
  return banner;
}
