import type {
  PlayerEvent,
  StateChange,
  TraceMessage,
  WaygateClient,
  Welcome,
} from "../../client/client.ts";
import { displayName } from "../../elements/presence_row.ts";
import type { EventLog } from "./event_log.ts";
import { chatText } from "./chat.ts";
import { failureWords } from "./failure_words.ts";
import { isolate } from "./isolate.ts";
import type { LogEntry } from "./log_entry.ts";
import { PresenceStory } from "./presence_story.ts";

/** Writes everything that a client tells into the log. */
export function keepLog(client: WaygateClient, log: EventLog): void {
  keepStates(client, log);
  keepPresence(client, log);
  client.on("gap", (gap) => {
    log.add({ kind: "connection", text: "Some events were missed for good", detail: gap });
  });
  client.on("system.shutdown", (shutdown) => {
    log.add({ kind: "connection", text: "The gateway is going down", detail: shutdown });
  });
  client.on("system.token_expiring", (expiring) => {
    log.add({ kind: "connection", text: "The sign-in runs out soon", detail: expiring });
  });
  client.on("player.event", (event) => log.add(eventEntry(event, client)));
  client.on("system.announcement", (announcement) => {
    log.add({ kind: "announcement", text: isolate(announcement.message), detail: announcement });
  });
  client.on("notification", ({ method, params }) => {
    log.add({ kind: "message", text: isolate(method), detail: params });
  });
  client.on("error", (error) => {
    log.add({ kind: "failure", text: isolate(failureWords(error)), detail: { ...error } });
  });
  keepTraffic(client, log);
}

/** One try after the other is not worth a line each: only what is different is told. */
function keepStates(client: WaygateClient, log: EventLog): void {
  let last = "";
  const tell = (): void => {
    const { reason, state, welcome } = client;
    const entry = stateEntry({ reason, state }, welcome);
    if (entry.text !== last) log.add(entry);
    last = entry.text;
  };
  client.on("state", tell);
  tell();
}

/** Those who are there already are told as a number, those who come and go by name. */
function keepPresence(client: WaygateClient, log: EventLog): void {
  let story: PresenceStory | null = null;
  client.presence.on("change", (change) => {
    if (story !== null) {
      for (const entry of story.tell(change)) log.add(entry);
    } else if (client.presence.synced) {
      story = new PresenceStory([...client.presence.users().values()]);
      log.add(story.beginning());
    }
  });
}

/** A client that nobody asks to trace saves itself the trouble. */
function keepTraffic(client: WaygateClient, log: EventLog): void {
  const add = (message: TraceMessage): void => log.add(trafficEntry(message));
  log.onWants(() => {
    if (log.wants("traffic")) client.on("message", add);
    else client.off("message", add);
  });
}

function stateEntry(
  { reason, state }: Pick<StateChange, "reason" | "state">,
  welcome: Welcome | null,
): LogEntry {
  if (state === "connected" && welcome !== null) {
    const { node_id, region } = welcome;
    return { kind: "connection", text: `Connected to ${node_id} in ${region}`, detail: welcome };
  }
  const word = `${state.charAt(0).toUpperCase()}${state.slice(1)}`;
  const text = reason === null ? word : `${word}: ${isolate(reason.message)}`;
  return { kind: "connection", text, detail: { state, reason } };
}

function eventEntry(event: PlayerEvent, client: WaygateClient): LogEntry {
  const sender = event.from === null ? undefined : client.presence.get(event.from);
  const name = isolate(sender === undefined ? event.from ?? "the game" : displayName(sender));
  const said = chatText(event);
  const text = said === null ? `${isolate(event.type)} from ${name}` : `${name}: ${isolate(said)}`;
  return { kind: "message", text, detail: event };
}

function trafficEntry({ direction, message }: TraceMessage): LogEntry {
  const { error, id, method } = Object(message) as Record<string, unknown>;
  const number = id === undefined ? "" : ` #${id}`;
  const what = method ?? (error === undefined ? "result" : "error");
  return {
    kind: "traffic",
    text: `${direction === "out" ? "→" : "←"} ${isolate(String(what))}${number}`,
    detail: message,
  };
}
