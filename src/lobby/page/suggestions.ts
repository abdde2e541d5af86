import type { WaygateClient } from "../../client/client.ts";
import { newElement } from "../../elements/new_element.ts";
import { displayName } from "../../elements/presence_row.ts";

/** Places to begin with, while nobody is anywhere. */
const PLACES: readonly string[] = ["lobby", "in-game", "zone:stormwind"];

/** A list of suggestions that is longer helps nobody. */
const LIMIT = 200;

/** Suggests the locations where players are. */
export function suggestLocations(client: WaygateClient, list: HTMLDataListElement): void {
  const taken = [...client.presence.users().values()].flatMap(({ location }) => location ?? []);
  const locations = [...new Set([...taken, ...PLACES])].sort().slice(0, LIMIT);
  list.replaceChildren(...locations.map((value) => newElement("option", { value })));
}

/** Suggests the players who are online. */
export function suggestPlayers(client: WaygateClient, list: HTMLDataListElement): void {
  const players = [...client.presence.users().values()].slice(0, LIMIT);
  list.replaceChildren(
    ...players.map((player) =>
      newElement("option", { value: player.user_id, label: displayName(player) })
    ),
  );
}
