import { WaygateClient } from "@waygate/client";
import { WebSocket } from "ws";

const [url, token] = process.argv.slice(2);
const client = new WaygateClient({ url, token, WebSocket });
client.on("state", ({ state, reason }) => console.log(state, reason?.message ?? ""));

const welcome = await client.connect();
console.log("Hello,", welcome.user_id);
const { presences, total } = await client.call("presence.list", { limit: 10 });
console.log(total, "online:", presences.map(({ user_id }) => user_id).join(", "));
await client.disconnect();
