import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** A Node project of its own, in a temporary folder, with the package installed by npm. */
export class Project implements AsyncDisposable {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Copies a file into the project. @returns its name there */
  async add(path: string, name: string = path.slice(path.lastIndexOf("/") + 1)): Promise<string> {
    return await this.write(name, await Deno.readTextFile(path));
  }

  /** Writes a file of the project. @returns its name */
  async write(name: string, text: string): Promise<string> {
    await Deno.writeTextFile(`${this.folder}/${name}`, text);
    return name;
  }

  /**
   * Runs a program in the project.
   *
   * @returns its standard output
   * @throws {Error} it failed: says all that it said
   */
  async run(command: string, args: readonly string[]): Promise<string> {
    return await run(command, args, this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Makes the package and installs it, and `ws` as this project has it, without a network. */
export async function installPackage(): Promise<Project> {
  const project = new Project(await Deno.makeTempDir({ prefix: "package_" }));
  const tarball = await run(Deno.execPath(), [
    ...["run", "--no-prompt", "--allow-read", `--allow-write=${project.folder}`],
    ...["--allow-run=tar", "--ignore-env", "deploy/npm/pack.ts", `${project.folder}/packed`],
  ], ROOT);
  await project.write("package.json", '{"name":"game","type":"module","private":true}');
  await project.run("npm", [
    ...["install", "--offline", "--no-audit", "--no-fund", "--loglevel=error"],
    ...[tarball.trim(), await cachedPackage("ws")],
  ]);
  return project;
}

/** What this project imports a package as, `npm:name@version`. */
export async function importOf(name: string): Promise<string> {
  return JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`)).imports[name];
}

/** Where Deno keeps a package that this project imports. */
async function cachedPackage(name: string): Promise<string> {
  const { npmCache } = JSON.parse(await run(Deno.execPath(), ["info", "--json"], ROOT));
  const version = (await importOf(name)).split("@").at(-1);
  return `${npmCache}/registry.npmjs.org/${name}/${version}`;
}

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output().catch((cause) => {
    throw new Error(`${command} does not start: Node 20 or newer, with npm, is needed`, { cause });
  });
  const output = new TextDecoder().decode(stdout);
  if (success) return output;
  throw new Error(`${command} failed:\n${output}\n${new TextDecoder().decode(stderr)}`);
}
