import { createPrivateKey, X509Certificate } from "node:crypto";
import { ConfigError } from "./config.ts";
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

/**
 * Reads a key pair.
 *
 * @throws {ConfigError} when a file cannot be read, or the key is not the certificate's
 */
export function readKeyPair({ certFile, keyFile }: TlsFiles): KeyPair {
  const pair = { cert: readPem("TLS_CERT_FILE", certFile), key: readPem("TLS_KEY_FILE", keyFile) };
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pair.cert);
  } catch {
    throw new ConfigError([`TLS_CERT_FILE: No certificate in PEM form in ${certFile}`]);
  }
  let isMatch: boolean;
  try {
    isMatch = certificate.checkPrivateKey(createPrivateKey(pair.key));
  } catch {
    throw new ConfigError([`TLS_KEY_FILE: No private key in PEM form in ${keyFile}`]);
  }
  if (!isMatch) {
    throw new ConfigError([`TLS_KEY_FILE: ${keyFile} is not the key of ${certFile}`]);
  }
  return pair;
}

function readPem(variable: string, file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`${variable}: Cannot read ${file}: ${reason}`]);
  }
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
        used = pair;
        onChange(pair);
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
