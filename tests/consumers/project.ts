import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { inLab } from "../fixtures/lab.ts";
import { commandFor, root, run } from "../fixtures/runtime.ts";
import { tarball } from "./tarball.ts";

/** A folder outside the repository in which the tarball is installed. */
export interface Project {
  readonly folder: string;
  /** Copies files of tests/consumers/projects into it. */
  use(...files: string[]): void;
  /** Writes a file of its own. */
  write(file: string, content: string | object): void;
  /** Runs a command in it to its end; what it prints, when its exit status is `status`, 0 unless given. */
  output(command: readonly string[], status?: number): Promise<string>;
  /** The same in a lab namespace where nobody listens on 40000 and an echo server on 127.0.0.1:50000. */
  outputInLab(command: readonly string[], status?: number): Promise<string>;
  remove(): void;
}

/** Where `npm test -- consumers` puts what only these tests use. */
export const TOOLS = "tests/consumers/tools/node_modules";

/** A tool of the tree itself, so that a project installs only what it is about. */
export function tool(name: string): string {
  return join(root, "node_modules/.bin", name);
}

/** A package of the registry in the version that the tree uses. */
export function pinned(name: string): string {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return `${name}@${devDependencies[name]}`;
}

/** The command line that installs the tarball, and packages of the registry, into a project. */
export function npmInstall(...packages: readonly string[]): string[] {
  return ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefer-offline", tarball(), ...packages];
}

/** A fresh project of that module type, after `install` has run in it. */
export async function newProject(type: "module" | "commonjs", install: readonly string[]): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), "realpeer-consumer-"));
  const write = (file: string, content: string | object): void =>
    writeFileSync(join(folder, file), typeof content === "string" ? content : JSON.stringify(content, undefined, 2));
  const output = async (command: readonly string[], status = 0): Promise<string> => {
    const { code, stdout, stderr } = await run(command, { cwd: folder });
    if (code !== status) throw new Error(`${command.join(" ")} exited with ${code}\n${stdout}\n${stderr}`);
    return stdout;
  };
  write("package.json", { name: "consumer", private: true, type });
  await output(install);
  return {
    folder,
    write,
    output,
    use(...files) {
      for (const file of files) cpSync(join(root, "tests/consumers/projects", file), join(folder, basename(file)));
    },
    outputInLab: (command, status) =>
      output(inLab(commandFor("tests/programs/beside_echo_server.ts", command)), status),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** As strict as TypeScript gets, and the packages' own declarations are checked too. */
export function strictTsconfig(files: readonly string[], types: readonly string[], options: object): object {
  return {
    compilerOptions: {
      target: "es2022",
      lib: ["es2024"],
      types,
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noImplicitReturns: true,
      noPropertyAccessFromIndexSignature: true,
      skipLibCheck: false,
      ...options,
    },
    files,
  };
}

/** What portable.ts prints, on every runtime. */
export const PORTABLE_LINES = `SelfConnectError ECONNREFUSED 127.0.0.1:40000 3
ConnectTimeoutError ETIMEDOUT true
ready 127.0.0.1:50000 1 0
self false
echo hello
closed
`;
