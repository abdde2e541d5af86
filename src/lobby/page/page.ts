/**
 * The lobby in the browser: signs in, then puts the parts of the page on one client.
 *
 * @module
 */
import { WaygateClient } from "../../client/client.ts";
import { AVATAR_CSS } from "../../elements/avatar.ts";
import { DOT_CSS } from "../../elements/dot_css.ts";
import "../../elements/elements.ts";
import { sharedStyleSheet } from "../../elements/style_sheet.ts";
import { showAnnouncements } from "./announcements.ts";
import { keepLog } from "./chronicle.ts";
import { Composer } from "./composer.ts";
import { EventLog } from "./event_log.ts";
import { find } from "./find.ts";
import {
  claimedUser,
  type Identity,
  SignInError,
  storedIdentity,
  storeIdentity,
} from "./identity.ts";
import { MessageFeed } from "./message_feed.ts";
import { OwnCard } from "./own_card.ts";
import { SignIn, type SignInWay } from "./sign_in.ts";
import { tokenClaims } from "./token_claims.ts";
import { TokenKeeper } from "./token_keeper.ts";
import { Views } from "./views.ts";

/** How long the gateway may take to sign a token, in ms. */
const TOKEN_TIMEOUT_MS = 10_000;

document.adoptedStyleSheets.push(sharedStyleSheet(DOT_CSS), sharedStyleSheet(AVATAR_CSS));

const signIn = new SignIn(async (identity) => {
  const client = await newClient(identity);
  await firstTry(client);
  storeIdentity(identity);
  openLobby(client, identity);
});

const stored = storedIdentity();
if (stored === null) signIn.show(signInWays());
else await comeBack(stored);

function signInWays(): readonly SignInWay[] {
  return document.body.dataset["signIn"] === "name" ? ["name", "token"] : ["token"];
}

/** After a reload: straight into the lobby. What was refused is forgotten; what failed is not. */
async function comeBack(identity: Identity): Promise<void> {
  const notice = find("coming-back", HTMLElement);
  notice.hidden = false;
  try {
    const client = await newClient(identity);
    await firstTry(client);
    notice.hidden = true;
    openLobby(client, identity);
  } catch (error) {
    notice.hidden = true;
    if (error instanceof SignInError && error.refused) storeIdentity(null);
    signIn.showAgain(signInWays(), identity, error);
  }
}

async function newClient(identity: Identity): Promise<WaygateClient> {
  if (identity.kind === "token") return new WaygateClient({ url: "/ws", token: identity.token });
  const tokens = new TokenKeeper(identity);
  // Asked for here already, so that a gateway that gives none says so in the form.
  await tokens.get({ signal: AbortSignal.timeout(TOKEN_TIMEOUT_MS) });
  const client = new WaygateClient({ url: "/ws", token: (context) => tokens.get(context) });
  tokens.watch(client);
  return client;
}

/** Resolves once it is clear that trying makes sense. @throws {SignInError} it does not */
function firstTry(client: WaygateClient): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = client.on("state", ({ reason, state }) => {
      if (state === "connecting") return;
      stop();
      if (state !== "closed") return resolve();
      const message = reason?.message ?? "The gateway ended the connection.";
      reject(new SignInError(message, { refused: reason?.code === "unauthorized" }));
    });
    client.connect().catch(() => {});
  });
}

function openLobby(client: WaygateClient, identity: Identity): void {
  signIn.hide();
  find("lobby", HTMLElement).hidden = false;
  const views = new Views();
  const log = new EventLog();
  const feed = new MessageFeed(client, views);
  const composer = new Composer(client, feed, isAdmin(identity));
  new OwnCard(client, claimedUser(identity));
  showAnnouncements(client);
  keepLog(client, log);
  showPlayers(client, views, composer);
  showStatus(client, identity);
  find("skip", HTMLAnchorElement).addEventListener("click", (event) => {
    event.preventDefault();
    views.show("people");
    find("people", HTMLElement).focus();
  });
  find("sign-out", HTMLButtonElement).addEventListener("click", () => signOut(client));
  find("people", HTMLElement).focus({ preventScroll: true });
}

function showPlayers(client: WaygateClient, views: Views, composer: Composer): void {
  const presence = document.querySelector("waygate-presence");
  if (presence === null) return;
  presence.client = client;
  presence.addEventListener("waygate-select", (event) => {
    views.show("messages");
    composer.writeTo((event as CustomEvent).detail);
  });
  const search = find("people-filter", HTMLInputElement);
  search.addEventListener("input", () => presence.filter = search.value);
}

function showStatus(client: WaygateClient, identity: Identity): void {
  const status = document.querySelector("waygate-status");
  if (status === null) return;
  status.client = client;
  status.addEventListener("waygate-reconnect", (event) => {
    // A pasted token that was refused stays refused: another has to be pasted.
    if (identity.kind !== "token" || client.reason?.code !== "unauthorized") return;
    event.preventDefault();
    signOut(client);
  });
  const node = find("node", HTMLElement);
  const showNode = (): void => {
    const { welcome } = client;
    node.textContent = welcome === null ? "" : `${welcome.region} · ${welcome.node_id}`;
  };
  client.on("state", showNode);
  showNode();
}

/** Leaves, and begins anew with a page that remembers nothing. */
async function signOut(client: WaygateClient): Promise<void> {
  storeIdentity(null);
  await client.disconnect();
  location.reload();
}

function isAdmin(identity: Identity): boolean {
  if (identity.kind === "name") return identity.admin;
  return tokenClaims(identity.token)?.scopes.includes("admin") ?? false;
}
