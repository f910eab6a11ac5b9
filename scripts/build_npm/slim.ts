import { build } from "esbuild";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { entryPoints, type Format, isCommand, outputOf } from "./description.ts";

const FORMATS: readonly Format[] = ["esm", "script"];
const RELATIVE_IMPORT = /(?:from|import|require)\s*\(?\s*"(\.[^"]*)"/g;

/** The files that a module or declaration imports; a declaration imports the declarations beside modules. */
export function importsOf(file: string): string[] {
  const specifiers = [...readFileSync(file, "utf8").matchAll(RELATIVE_IMPORT)].map(([, specifier = ""]) => specifier);
  const paths = specifiers.map((specifier) => join(dirname(file), specifier));
  return file.endsWith(".d.ts") ? paths.map((path) => path.replace(/\.js$/, ".d.ts")) : paths;
}

/** Every module and declaration of the package, or of one half of it. */
export function moduleFiles(outDir: string, formats: readonly Format[] = FORMATS): string[] {
  const files = formats.flatMap((format) =>
    readdirSync(join(outDir, format), { recursive: true, encoding: "utf8" }).map((file) => join(outDir, format, file))
  );
  return files.filter((file) => /\.[jt]s$/.test(file));
}

/** These files, as far as they exist, and all that they import. */
function closure(files: readonly string[]): Set<string> {
  const reached = new Set<string>();
  const pending = [...files];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (reached.has(file) || !existsSync(file)) continue;
    reached.add(file);
    pending.push(...importsOf(file));
  }
  return reached;
}

/**
 * Makes one module of each entry point, and shared ones of what several load: many files load slower. Minified, as editors
 * show the comments of the declarations. The command is packed as CommonJS only, see script.ts.
 */
async function bundleModules(outDir: string, entries: readonly string[]): Promise<void> {
  const folder = join(outDir, "esm");
  const { outputFiles } = await build({
    entryPoints: [...entries],
    // The hashes are of the paths from here, too: two builds of a tree in two folders have the same names.
    absWorkingDir: folder,
    outdir: folder,
    outbase: folder,
    chunkNames: "shared/[name]-[hash]",
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    legalComments: "none",
    minify: true,
    write: false,
  });
  for (const file of moduleFiles(outDir, ["esm"])) if (file.endsWith(".js")) rmSync(file);
  for (const { path, contents } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
}

/** Removes the declarations of inner modules. */
function pruneDeclarations(outDir: string): void {
  const reached = closure(entryPoints.map(({ path }) => join(outDir, outputOf(path, "esm", ".d.ts"))));
  for (const file of moduleFiles(outDir, ["esm"])) {
    if (file.endsWith(".d.ts") && !reached.has(file)) rmSync(file);
  }
}

/** Leaves of the ES modules what is loaded or read. */
export async function slimModules(outDir: string): Promise<void> {
  const modules = entryPoints.filter(({ path }) => !isCommand(path));
  await bundleModules(outDir, modules.map(({ path }) => join(outDir, outputOf(path, "esm"))));
  pruneDeclarations(outDir);
}
