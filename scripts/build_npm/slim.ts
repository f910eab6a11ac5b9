import { build, type BuildOptions, stop } from "esbuild";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { commands, entryPoints, type Format, isCommand, outputOf } from "./description.ts";

const FORMATS: readonly Format[] = ["esm", "script"];
const RELATIVE_IMPORT = /(?:from|import|require)\s*\(?\s*"(\.[^"]*)"/g;
const MODERN: BuildOptions = { target: "es2022", legalComments: "none" };

/** The files that a module or declaration imports; a declaration imports the declarations beside modules. */
export function importsOf(file: string): string[] {
  const specifiers = [...readFileSync(file, "utf8").matchAll(RELATIVE_IMPORT)].map(([, specifier = ""]) => specifier);
  const paths = specifiers.map((specifier) => join(dirname(file), specifier));
  return file.endsWith(".d.ts") ? paths.map((path) => path.replace(/\.js$/, ".d.ts")) : paths;
}

/** Every module and declaration of the package. */
export function moduleFiles(outDir: string): string[] {
  const files = FORMATS.flatMap((format) =>
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

/** Removes what no entry point leads to: modules of types only, and the declarations of inner modules. */
function prune(outDir: string): void {
  const reached = closure(
    FORMATS.flatMap((format) =>
      entryPoints.flatMap(({ path }) =>
        [".js", ".d.ts"].map((extension) => join(outDir, outputOf(path, format, extension)))
      )
    ),
  );
  for (const file of moduleFiles(outDir)) {
    if (!reached.has(file)) rmSync(file);
  }
}

/** Removes comments and blanks from modules; editors show the comments of the declarations. Names stay, for stacks. */
async function compress(outDir: string): Promise<void> {
  const modules = moduleFiles(outDir).filter((file) => file.endsWith(".js"));
  const inPlace: BuildOptions = { outdir: outDir, outbase: outDir, allowOverwrite: true };
  await build({ ...MODERN, ...inPlace, entryPoints: modules, minifyWhitespace: true, minifySyntax: true });
}

/** The ES modules of the library. The package has them as CommonJS too, which the bundle takes instead of a copy of its own. */
function libraryModules(outDir: string): string[] {
  const entries = entryPoints.filter(({ path }) => !isCommand(path));
  return [...closure(entries.map(({ path }) => join(outDir, outputOf(path, "esm"))))];
}

/** Bundles the commands, because loading many files takes longer than a short command (`npm run bench -- startup`). */
async function bundleCommands(outDir: string): Promise<void> {
  for (const { path } of commands) {
    const [module, script] = [join(outDir, outputOf(path, "esm")), join(outDir, outputOf(path, "script"))];
    const { outputFiles: [bundle] } = await build({
      ...MODERN,
      absWorkingDir: outDir,
      bundle: true,
      minify: true,
      platform: "node",
      format: "cjs",
      banner: { js: "#!/usr/bin/env node" },
      entryPoints: [module],
      outfile: script,
      external: libraryModules(outDir),
      write: false,
    });
    const [from, to] = ["esm", "script"].map((format) => relative(dirname(script), join(outDir, format, "src")));
    mkdirSync(dirname(script), { recursive: true });
    writeFileSync(script, bundle!.text.replaceAll(`"${from}/`, `"${to}/`));
    chmodSync(script, 0o755);
    rmSync(dirname(module), { recursive: true });
  }
}

/** Leaves out what is neither loaded nor read. */
export async function slim(outDir: string): Promise<void> {
  try {
    await compress(outDir);
    await bundleCommands(outDir);
    prune(outDir);
  } finally {
    await stop();
  }
}
