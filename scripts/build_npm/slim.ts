import { build, type BuildOptions, type Metafile, type Plugin, stop, transform } from "esbuild";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { root } from "../run.ts";
import { commands, entryPoints, type Format, outputOf } from "./description.ts";

const FORMATS: readonly Format[] = ["esm", "script"];
const RELATIVE_IMPORT = /(?:from|import|require)\s*\(?\s*"(\.[^"]*)"/g;

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

const LIBRARY = /^\.\.\/(core|adapters)\//;

/** What the library has too is not packed a second time. */
const sharedWithLibrary: Plugin = {
  name: "shared with the library",
  setup({ onResolve }) {
    onResolve({ filter: LIBRARY }, ({ path }) => ({ path: path.replace(/\.ts$/, ".js"), external: true }));
  },
};

/** CommonJS requires the library also where that is needed later; `import()` would go through the slower loader. */
const requiredOnDemand: Plugin = {
  name: "required on demand",
  setup({ onResolve, onLoad }) {
    onResolve(
      { filter: LIBRARY },
      ({ path, kind }) => kind === "dynamic-import" ? { path, namespace: "demand" } : null,
    );
    onLoad({ filter: /./, namespace: "demand" }, ({ path }) => ({ contents: `module.exports = require("${path}")` }));
  },
};

/** Everything else that is needed later is for the modules that were made of it already, named from `folder`. */
function importedOnDemand({ outputs }: Metafile, folder: string): Plugin {
  const made = Object.entries(outputs).map(([output, { entryPoint }]) => ({ output, source: entryPoint ?? "" }));
  return {
    name: "imported on demand",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, kind }) => {
        if (kind !== "dynamic-import") return null;
        const module = made.find(({ source }) => source.endsWith(path.replace(/^[./]+/, "/").replace(/\.ts$/, ".js")));
        if (module === undefined) throw new Error(`nothing was made of ${path}`);
        return { path: relative(folder, module.output), external: true };
      });
    },
  };
}

const COMMON: BuildOptions & { metafile: true } = {
  bundle: true,
  platform: "node",
  target: "es2022",
  legalComments: "none",
  minify: true,
  metafile: true,
};

/**
 * Makes a command few files: to load each takes a runtime longer than a short command has to do. What it imports only
 * when it needs it is still a file of its own. The CommonJS half is what is in a hurry on Node, in one file.
 */
async function bundleCommands(outDir: string): Promise<void> {
  for (const { path, inHurry } of commands) {
    const [module, script] = [join(outDir, outputOf(path, "esm")), join(outDir, outputOf(path, "script"))];
    const { metafile } = await build({
      ...COMMON,
      entryPoints: [module],
      outdir: dirname(module),
      allowOverwrite: true,
      splitting: true,
      format: "esm",
      // Beside each other in the tarball, which npm sorts by the files' names, they compress better.
      chunkNames: `${basename(path, ".ts")}-[hash]`,
      plugins: [sharedWithLibrary],
    });
    await build({
      ...COMMON,
      entryPoints: [join(root, inHurry)],
      outfile: script,
      format: "cjs",
      plugins: [requiredOnDemand, sharedWithLibrary, importedOnDemand(metafile, dirname(script))],
    });
  }
}

/** Takes away what no entry point leads to: modules of types only, and the declarations of inner modules. */
function prune(outDir: string): void {
  const reached = new Set<string>();
  const pending = FORMATS.flatMap((format) =>
    [...entryPoints, ...commands].flatMap(({ path }) =>
      [".js", ".d.ts"].map((extension) => join(outDir, outputOf(path, format, extension)))
    )
  );
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (reached.has(file) || !existsSync(file)) continue;
    reached.add(file);
    pending.push(...importsOf(file));
  }
  for (const file of moduleFiles(outDir)) {
    if (!reached.has(file)) rmSync(file);
  }
}

/** Takes comments out of modules; editors show those of the declarations. */
async function stripComments(outDir: string): Promise<void> {
  const bundled = commands.flatMap(({ path }) =>
    FORMATS.map((format) => join(outDir, dirname(outputOf(path, format))))
  );
  try {
    for (const file of moduleFiles(outDir)) {
      if (!file.endsWith(".js") || bundled.includes(dirname(file))) continue;
      const { code } = await transform(readFileSync(file, "utf8"), { target: "es2022", legalComments: "none" });
      writeFileSync(file, code);
    }
  } finally {
    await stop();
  }
}

/** Leaves out what nobody loads and nobody reads. */
export async function slim(outDir: string): Promise<void> {
  await bundleCommands(outDir);
  prune(outDir);
  await stripComments(outDir);
}
