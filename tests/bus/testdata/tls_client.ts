/**
 * Says hello to itself over the NATS server named by its argument, then ends. A program of its own,
 * because it is at the start that Deno is told which certificates to trust and what it may do.
 *
 * @module
 */

import { connectNatsBus } from "../../../src/bus/bus_nats.ts";

const bus = connectNatsBus({ servers: Deno.args.join(), name: "test" });
await bus.connection();
bus.subscribe("s", ({ data }) => console.log(data));
bus.publish("s", "hello");
await bus.close();
