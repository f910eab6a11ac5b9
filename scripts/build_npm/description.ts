/** What the npm package is: one description for both engines that build it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import denoJson from "../../deno.json" with { type: "json" };

/** A module that users load by a name of its own. */
export interface EntryPoint {
  /** Its name in `exports`. */
  readonly name: string;
  /** Its source, from the root of the tree. */
  readonly path: string;
}

/** Those of the JSR package. */
export const entryPoints: readonly EntryPoint[] = Object.entries(denoJson.exports).map(([name, path]) => ({
  name,
  path,
}));

/** The entry points that an installation puts on the path as commands. */
export const commands: readonly EntryPoint[] = [{ name: "realpeer", path: "./src/cli/main.ts" }];

/** Whether this is the source of a command: it is packed once, as CommonJS, which Node starts sooner than ES modules. */
export function isCommand(path: string): boolean {
  return commands.some((command) => command.path === path);
}

/** Modules that do something when they are loaded; a bundler must keep them. */
const MODULES_WITH_EFFECTS: readonly string[] = ["./src/api/register.ts", "./src/cli/main.ts"];

/** Which of the two outputs: ES modules or CommonJS. */
export type Format = "esm" | "script";

/** The path in the package of what a source file becomes. */
export function outputOf(path: string, format: Format, extension = ".js"): string {
  return path.replace("./", `./${format}/`).replace(/\.ts$/, extension);
}

/** The fields that deno.json and package.json share. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** The fields of the tree's own package.json that users see too. */
export interface SourceManifest extends Manifest {
  readonly description: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** deno.json or package.json of a tree. */
export function readManifest<Kind extends Manifest>(root: string, file: "deno.json" | "package.json"): Kind {
  return JSON.parse(readFileSync(join(root, file), "utf8")) as Kind;
}

/** The package.json that is published. */
export interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly [field: string]: unknown;
}

const REPOSITORY = "https://github.com/realpeer/tcp";

export function packageJson({ name, version, description, license, engines }: SourceManifest): PackageJson {
  const exports = entryPoints.map(({ name, path }) => [
    name,
    isCommand(path) ? outputOf(path, "script") : { import: outputOf(path, "esm"), require: outputOf(path, "script") },
  ]);
  // For `moduleResolution: "node10"`, which knows no `exports`.
  const types = entryPoints.filter(({ name }) => name !== ".").map(({ name, path }) => [
    name.replace("./", ""),
    [outputOf(path, "script", ".d.ts")],
  ]);
  return {
    name,
    version,
    description,
    keywords: ["tcp", "socket", "connect", "self-connect", "wait-for-port", "port", "retry", "deno", "bun", "node"],
    homepage: `${REPOSITORY}#readme`,
    repository: { type: "git", url: `git+${REPOSITORY}.git` },
    bugs: { url: `${REPOSITORY}/issues` },
    license,
    type: "module",
    sideEffects: MODULES_WITH_EFFECTS.flatMap((path) =>
      isCommand(path) ? [outputOf(path, "script")] : [outputOf(path, "esm"), outputOf(path, "script")]
    ),
    main: outputOf("./mod.ts", "script"),
    module: outputOf("./mod.ts", "esm"),
    exports: { ...Object.fromEntries(exports), "./package.json": "./package.json" },
    typesVersions: { "*": Object.fromEntries(types) },
    bin: Object.fromEntries(commands.map(({ name, path }) => [name, outputOf(path, "script").replace("./", "")])),
    files: ["esm", "script"],
    engines: { ...engines, bun: ">=1.2", deno: ">=2.8" },
  };
}
