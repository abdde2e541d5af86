/**
 * A NATS operator with one account and one user, as `nsc` would make them.
 *
 * @module
 */

import { nkeys } from "@nats-io/nats-core";

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** What a server and a client need to know. */
export interface NatsAccounts {
  /** Lines for the server's configuration. */
  readonly config: string;
  /** The contents of the user's credentials file. */
  readonly credentials: string;
}

/** Makes keys and signs the JWTs (NATS's own kind: Ed25519 keys, claims under `nats`). */
export function createNatsAccounts(): NatsAccounts {
  const operator = nkeys.createOperator();
  const account = nkeys.createAccount();
  const user = nkeys.createUser();
  const none = -1;
  const operatorJwt = sign(operator, operator, { type: "operator", version: 2 });
  const accountJwt = sign(account, operator, {
    type: "account",
    version: 2,
    limits: {
      subs: none,
      conn: none,
      leaf: none,
      imports: none,
      exports: none,
      data: none,
      payload: none,
      wildcards: true,
    },
    default_permissions: { pub: {}, sub: {} },
  });
  const userJwt = sign(user, account, {
    type: "user",
    version: 2,
    pub: {},
    sub: {},
    subs: none,
    data: none,
    payload: none,
  });
  const seed = new TextDecoder().decode(user.getSeed());
  return {
    config: [
      `operator: ${operatorJwt}`,
      `resolver: MEMORY`,
      `resolver_preload: { ${account.getPublicKey()}: ${accountJwt} }`,
    ].join("\n"),
    credentials: [
      "-----BEGIN NATS USER JWT-----",
      userJwt,
      "------END NATS USER JWT------",
      "",
      "-----BEGIN USER NKEY SEED-----",
      seed,
      "------END USER NKEY SEED------",
      "",
    ].join("\n"),
  };
}

function sign(subject: KeyPair, issuer: KeyPair, nats: object): string {
  const claims = {
    jti: crypto.randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    name: "test",
    sub: subject.getPublicKey(),
    nats,
  };
  const bytes = new TextEncoder();
  const signed = [{ typ: "JWT", alg: "ed25519-nkey" }, claims]
    .map((part) => base64url(bytes.encode(JSON.stringify(part))))
    .join(".");
  return `${signed}.${base64url(issuer.sign(bytes.encode(signed)))}`;
}

function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
