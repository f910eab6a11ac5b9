import { build, type Plugin, stop, transform } from "esbuild";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

/** What the library has too is not packed a second time. */
const sharedWithLibrary: Plugin = {
  name: "shared with the library",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.\/(core|adapters)\// }, ({ path }) => ({ path, external: true }));
  },
};

/**
 * Makes a command few files: to load each takes a runtime longer than a short command has to do. What it imports only
 * when it needs it is still a file of its own. A command is run, not required: its CommonJS only loads the ES module.
 */
async function bundleCommands(outDir: string): Promise<void> {
  for (const { path } of commands) {
    const [module, script] = [outputOf(path, "esm"), outputOf(path, "script")];
    await build({
      entryPoints: [join(outDir, module)],
      outdir: join(outDir, dirname(module)),
      allowOverwrite: true,
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      target: "es2022",
      legalComments: "none",
      minify: true,
      plugins: [sharedWithLibrary],
    });
    const up = "../".repeat(script.split("/").length - 2);
    writeFileSync(join(outDir, script), `"use strict";\nimport("${up}${module.replace("./", "")}");\n`);
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
  const bundled = commands.map(({ path }) => join(outDir, dirname(outputOf(path, "esm"))));
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
