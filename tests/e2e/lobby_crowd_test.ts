import assert from "node:assert/strict";
import { WaygateClient } from "../../src/client/client.ts";
import { launchBrowser } from "../elements/browser.ts";
import { assertLight } from "../elements/smoothness.ts";
import { buildLobby } from "../lobby/built_lobby.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";
import { LobbyVisitor } from "./lobby_visitor.ts";

await buildLobby();
const browser = await launchBrowser();

const PLAYERS = 500;
const CHANGES_PER_SECOND = 50;
const SECONDS = 4;

Deno.test("the lobby is little work with 500 players and 50 changes a second", async () => {
  // Only the lobby is to watch everyone: it is not the gateway that is looked at here.
  await using gateway = await startGateway({ env: { PRESENCE_AUTO_SUBSCRIBE: "none" } });
  await using ada = await LobbyVisitor.open(browser, gateway.url);
  await ada.signIn("Ada");
  const clients = await connectPlayers(gateway);
  const rows = ada.page.locator("waygate-presence li");
  await until(async () => await rows.count() === PLAYERS + 1, {
    what: "all players in the list",
    timeoutMs: 30_000,
  });

  await assertLight(ada.page, () => changeStatuses(clients));
  await Promise.all(clients.map((client) => client.disconnect()));
  assert.deepEqual(ada.complaints, []);
});

async function connectPlayers(gateway: GatewayProcess): Promise<WaygateClient[]> {
  const clients: WaygateClient[] = [];
  for (let number = 0; number < PLAYERS; number++) {
    const token = await gateway.token(`player-${number}`, { name: `Player ${number}` });
    clients.push(new WaygateClient({ url: gateway.wsUrl, token }));
  }
  await Promise.all(clients.map((client) => client.connect()));
  return clients;
}

/** One change after the other, at an even pace. */
async function changeStatuses(clients: readonly WaygateClient[]): Promise<void> {
  const statuses = ["away", "busy", "online"] as const;
  const startedAt = performance.now();
  const changes: Promise<unknown>[] = [];
  await until(() => {
    const due = (performance.now() - startedAt) * CHANGES_PER_SECOND / 1000;
    while (changes.length < Math.min(due, CHANGES_PER_SECOND * SECONDS)) {
      const at = (changes.length * 37) % clients.length;
      const status = statuses[changes.length % statuses.length] ?? "online";
      const client = clients[at];
      if (client) changes.push(client.call("player.updateStatus", { status }));
    }
    return changes.length === CHANGES_PER_SECOND * SECONDS;
  }, { what: "the last change", timeoutMs: 30_000 });
  await Promise.all(changes);
}
