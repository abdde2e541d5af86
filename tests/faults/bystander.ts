/**
 * A player who measures how long the gateway takes to answer while it is busy with something else.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { GatewayProcess } from "../support/gateway.ts";

const MAIN = fileURLToPath(new URL("bystander_main.ts", import.meta.url));

/** Somebody who pings all the time, from a process of their own, until {@linkcode Bystander.end}. */
export class Bystander {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  #text = "";

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Resolves once the first ping is on its way. */
  static async start(gateway: GatewayProcess): Promise<Bystander> {
    const token = await gateway.token("bystander");
    const args = ["run", "--no-prompt", "--no-check", "--allow-net=127.0.0.1", MAIN];
    const bystander = new Bystander(
      new Deno.Command(Deno.execPath(), {
        args: [...args, gateway.wsUrl, token],
        stdin: "piped",
        stdout: "piped",
        stderr: "inherit",
      }).spawn(),
    );
    await bystander.#read("ready\n");
    return bystander;
  }

  /** Stops pinging; gives how long the answers took, in ms, sorted. */
  async end(): Promise<number[]> {
    await this.#child.stdin.close();
    const took = JSON.parse(await this.#read("]\n")) as number[];
    await this.#child.status;
    await this.#output.cancel();
    return took.toSorted((a, b) => a - b);
  }

  async #read(end: string): Promise<string> {
    while (!this.#text.endsWith(end)) {
      const { value, done } = await this.#output.read();
      if (done) throw new Error("The bystander is gone");
      this.#text += value;
    }
    const text = this.#text;
    this.#text = "";
    return text;
  }
}

/** The value below which a share of the sorted values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
