import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { ConfigError, gatherProblems } from "./config.ts";
import { log } from "./telemetry/log.ts";

/** How often the files are looked at for a new key pair, in ms. */
const CHECK_INTERVAL_MS = 2000;

/** Where a key pair is kept. */
export interface TlsFiles {
  /** Certificate chain (PEM), the server's own first. */
  readonly certFile: string;
  /** Private key (PEM) of the first certificate. */
  readonly keyFile: string;
}

/** A certificate chain and its private key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What the runtime can serve with; with other keys no handshake would succeed. */
const USABLE_KEYS = "an RSA (2048 bits or more), P-256, P-384, P-521 or Ed25519 key";
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];
const MIN_RSA_BITS = 2048;

const BEGIN = "-----BEGIN CERTIFICATE-----";

/**
 * Reads a key pair.
 *
 * @throws {ConfigError} when a file cannot be read or used, or the key is not the certificate's
 */
export function readKeyPair({ certFile, keyFile }: TlsFiles): KeyPair {
  const problems: string[] = [];
  const chain = gatherProblems(problems, () => readChain(certFile));
  const key = gatherProblems(problems, () => readKey(keyFile));
  if (chain === undefined || key === undefined) throw new ConfigError(problems);
  if (!chain.own.checkPrivateKey(key.object)) {
    throw new ConfigError([`TLS_KEY_FILE: ${keyFile} is not the key of ${certFile}`]);
  }
  return { cert: chain.pem, key: key.pem };
}

/** A chain, and the server's own certificate in it. */
function readChain(file: string): { readonly pem: string; readonly own: X509Certificate } {
  const pem = readPem("TLS_CERT_FILE", file);
  try {
    const [own = "", ...authorities] = pem.split(BEGIN).slice(1);
    for (const authority of authorities) new X509Certificate(BEGIN + authority);
    return { pem, own: new X509Certificate(BEGIN + own) };
  } catch {
    throw new ConfigError([`TLS_CERT_FILE: No certificate in PEM form in ${file}`]);
  }
}

function readKey(file: string): { readonly pem: string; readonly object: KeyObject } {
  const pem = readPem("TLS_KEY_FILE", file);
  let object: KeyObject;
  try {
    object = createPrivateKey(pem);
  } catch {
    throw new ConfigError([`TLS_KEY_FILE: No private key in PEM form in ${file}`]);
  }
  if (!isUsable(object)) throw new ConfigError([`TLS_KEY_FILE: ${file} must hold ${USABLE_KEYS}`]);
  return { pem, object };
}

function readPem(variable: string, file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`${variable}: Cannot read ${file}: ${reason}`]);
  }
}

function isUsable({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  if (type === "rsa") return (details?.modulusLength ?? 0) >= MIN_RSA_BITS;
  if (type === "ec") return CURVES.includes(details?.namedCurve ?? "");
  return type === "ed25519";
}

/** Ends the watching of {@linkcode watchKeyPair}. */
export interface KeyPairWatch {
  stop(): void;
}

/**
 * Looks out for a new key pair. Contents are compared rather than file events awaited: a mounted
 * secret is replaced behind symbolic links, and the two files change one after the other. While they
 * do not fit together the old pair stays.
 *
 * @param current the pair in use
 * @param onChange given each new, usable pair; what it throws is logged, and the old pair stays
 */
export function watchKeyPair(
  files: TlsFiles,
  current: KeyPair,
  onChange: (pair: KeyPair) => void,
  intervalMs = CHECK_INTERVAL_MS,
): KeyPairWatch {
  let used = current;
  const complaint = new Complaint();
  const timer = setInterval(() => {
    try {
      const pair = readKeyPair(files);
      if (pair.cert !== used.cert || pair.key !== used.key) {
        onChange(pair);
        used = pair;
      }
      complaint.withdraw();
    } catch (error) {
      complaint.raise(error instanceof Error ? error.message : String(error));
    }
  }, intervalMs);
  return { stop: () => clearInterval(timer) };
}

/** Logs what is wrong once, and only when it is still wrong the next time one looks. */
class Complaint {
  #text = "";
  #times = 0;

  raise(text: string): void {
    this.#times = text === this.#text ? this.#times + 1 : 1;
    this.#text = text;
    if (this.#times !== 2) return;
    log.error("The new TLS key pair is not usable; the old one stays", { error: text });
  }

  withdraw(): void {
    this.#times = 0;
  }
}
