/** Certificates made by openssl, which a test trusts and nobody else. */
export interface TestCertificates {
  /** The authority's certificate (PEM), to trust. */
  readonly authority: string;
  /** Writes a new key pair for 127.0.0.1 over the files; its subject is `CN=<name>`. */
  issue(name: string): Promise<void>;
  readonly certFile: string;
  readonly keyFile: string;
}

const EXTENSIONS = "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n";
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Makes an authority in a folder, which has to be empty. */
export async function makeCertificates(folder: string): Promise<TestCertificates> {
  const path = (name: string): string => `${folder}/${name}`;
  const authority = ["-keyout", path("ca.key"), "-out", path("ca.pem"), "-subj", "/CN=test"];
  await openssl("req", "-x509", ...NEW_KEY, ...authority, "-days", "2");
  await Deno.writeTextFile(path("extensions"), EXTENSIONS);
  return {
    authority: await Deno.readTextFile(path("ca.pem")),
    certFile: path("cert.pem"),
    keyFile: path("key.pem"),
    async issue(name) {
      const request = ["-keyout", path("new.key"), "-out", path("request"), "-subj", `/CN=${name}`];
      await openssl("req", "-new", ...NEW_KEY, ...request);
      const signing = ["-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial"];
      const output = ["-out", path("new.pem"), "-days", "2", "-extfile", path("extensions")];
      await openssl("x509", "-req", "-in", path("request"), ...signing, ...output);
      // One after the other, as it happens: for a moment they do not fit together.
      await Deno.rename(path("new.pem"), path("cert.pem"));
      await Deno.rename(path("new.key"), path("key.pem"));
    },
  };
}

async function openssl(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args, stderr: "piped" }).output();
  if (!success) throw new Error(`openssl ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
}
