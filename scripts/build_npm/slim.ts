import { build } from "esbuild";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
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

/** Removes the comments and blanks of the ES modules; editors show the comments of the declarations. Names stay, for stacks. */
async function compress(outDir: string): Promise<void> {
  const modules = moduleFiles(outDir, ["esm"]).filter((file) => file.endsWith(".js"));
  await build({
    entryPoints: modules,
    outdir: outDir,
    outbase: outDir,
    allowOverwrite: true,
    target: "es2022",
    legalComments: "none",
    minifyWhitespace: true,
    minifySyntax: true,
  });
}

/** Removes what no entry point leads to: modules of types only, and the declarations of inner modules. */
function prune(outDir: string): void {
  const entries = entryPoints.filter(({ path }) => !isCommand(path)).map(({ path }) =>
    join(outDir, outputOf(path, "esm"))
  );
  const declarations = entryPoints.map(({ path }) => join(outDir, outputOf(path, "esm", ".d.ts")));
  const reached = closure([...entries, ...declarations]);
  for (const file of moduleFiles(outDir, ["esm"])) {
    if (!reached.has(file)) rmSync(file);
  }
}

/** Leaves of the ES modules what is loaded or read. The command is packed as CommonJS only, see script.ts. */
export async function slimModules(outDir: string): Promise<void> {
  await compress(outDir);
  prune(outDir);
}
