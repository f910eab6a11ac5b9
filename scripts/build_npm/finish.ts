import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stop } from "esbuild";
import { basename, join, relative } from "node:path";
import { shareDeclarations } from "./declarations.ts";
import { type Format, packageJson, readManifest, type SourceManifest } from "./description.ts";
import { bundleScript } from "./script.ts";
import { importsOf, moduleFiles, slimModules } from "./slim.ts";

/** What npm shows and what the licence asks for; a file that does not exist yet is left out. */
const DOCUMENTS = ["README.md", "LICENSE"];
const TYPES: Readonly<Record<Format, string>> = { esm: "module", script: "commonjs" };

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Makes the package of the ES modules and declarations in `esm`, which is all that an engine has to leave. */
export async function finish(root: string, outDir: string): Promise<void> {
  for (const entry of readdirSync(outDir)) {
    if (entry !== "esm") rmSync(join(outDir, entry), { recursive: true });
  }
  mkdirSync(join(outDir, "script"));
  // First, because a bundler asks what kind of module a file is.
  for (const [format, type] of Object.entries(TYPES)) writeJson(join(outDir, format, "package.json"), { type });
  try {
    await bundleScript(outDir);
    await slimModules(outDir);
  } finally {
    await stop();
  }
  shareDeclarations(outDir);
  for (const document of DOCUMENTS) {
    if (existsSync(join(root, document))) cpSync(join(root, document), join(outDir, document));
  }
  writeJson(join(outDir, "package.json"), packageJson(readManifest<SourceManifest>(root, "package.json")));
}

/** Every file path that a value of package.json mentions. */
function pathsIn(value: unknown): string[] {
  if (typeof value === "string") {
    return /^(\.\/)?(esm|script)\/.*\.[jt]s$/.test(value) ? [value] : [];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(pathsIn) : [];
}

/** Throws when a file that is promised is not there, or one says what only the build machine knows. */
export function assertComplete(root: string, outDir: string): void {
  const manifest: unknown = JSON.parse(readFileSync(join(outDir, "package.json"), "utf8"));
  for (const path of pathsIn(manifest)) {
    if (!existsSync(join(outDir, path))) throw new Error(`package.json names ${path}, which was not built`);
  }
  for (const file of moduleFiles(outDir)) {
    const name = relative(outDir, file);
    if (basename(file).startsWith("_dnt.")) {
      throw new Error(`${name} is dnt's own, turn off what it adds in with_dnt.ts`);
    }
    if (/sourceMappingURL=/.test(readFileSync(file, "utf8"))) throw new Error(`${name} points to a source map`);
    if (readFileSync(file, "utf8").includes(root)) throw new Error(`${name} names a path of this machine`);
    const missing = importsOf(file).find((path) => !existsSync(path));
    if (missing) throw new Error(`${name} imports ${relative(outDir, missing)}, which was not built`);
  }
}
