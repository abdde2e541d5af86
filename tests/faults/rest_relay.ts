/**
 * Stands between the gateways and the REST API, counts what they ask, and loses answers when told to.
 *
 * @module
 */

/** A command as it was sent: its name, then its arguments. */
export type SentCommand = readonly string[];

/** See the module. Dispose of it (`await using`). */
export class RestRelay implements AsyncDisposable {
  /** The commands of each request since the last {@linkcode RestRelay.reset}, lease renewals left out. */
  requests: (readonly SentCommand[])[] = [];
  /** Whether what Redis answered is to be lost. */
  losesAnswer: (commands: readonly SentCommand[]) => boolean = () => false;
  readonly #target: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** @param target where the REST API is */
  constructor(target: string) {
    this.#target = target;
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => this.#pass(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Begins to count anew. */
  reset(): void {
    this.requests = [];
  }

  /** The names of the commands in each request. */
  get names(): string[][] {
    return this.requests.map((commands) => commands.map(([name = ""]) => name.toLowerCase()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }

  async #pass(request: Request): Promise<Response> {
    const body = await request.text();
    const commands: SentCommand[] = JSON.parse(body)
      .map((command: readonly unknown[]) => command.map(String));
    if (!commands.some(isRenewal)) this.requests.push(commands);
    const { pathname } = new URL(request.url);
    const answer = await fetch(`${this.#target}${pathname}`, {
      method: request.method,
      headers: { authorization: request.headers.get("authorization") ?? "" },
      body,
    }).catch(() => undefined);
    const text = await answer?.text();
    if (answer === undefined || this.losesAnswer(commands)) {
      return new Response("", { status: 502 });
    }
    return new Response(text, { status: answer.status, headers: answer.headers });
  }
}

function isRenewal(command: SentCommand): boolean {
  return command.includes("renew");
}
