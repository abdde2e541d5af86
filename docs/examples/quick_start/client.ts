import { type Methods, WaygateClient } from "@waygate/gateway/client";
import type { TypesOf } from "@waygate/gateway";
import type { methods } from "./game.ts";

const [url = "http://localhost:8090", sub = "ann"] = Deno.args;

async function token(): Promise<string> {
  const request = { method: "POST", body: JSON.stringify({ sub }) };
  return (await (await fetch(`${url}/dev/token`, request)).json()).token;
}

const client = new WaygateClient<Methods & TypesOf<typeof methods>>({ url: `${url}/ws`, token });
const heard = new Promise((resolve) => client.once("player.event", resolve));
await client.connect();
await client.call("player.updatePresence", { status: "online", location: "lobby" });
await client.presence.subscribe({ locations: ["lobby"] });
console.log("In the lobby:", [...client.presence.users().keys()]);
console.log("Rolled:", (await client.call("dice.roll", { sides: 6 })).value);
await client.call("player.sendEvent", { to: { user_id: sub }, type: "note" });
console.log("Heard:", await heard);
await client.disconnect();
