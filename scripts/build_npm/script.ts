import { build } from "esbuild";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { entryPoints, isCommand, outputOf } from "./description.ts";

/** Everything as CommonJS: a function that loads an entry point by its name. */
const BUNDLE = "script/bundle.js";

/** The specifier of `to` in a module at `from`; both are paths in the package. */
function specifierOf(from: string, to: string): string {
  const path = relative(dirname(from), to).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}

/**
 * Makes the CommonJS half from the ES modules: one bundle, because loading many files takes longer than a short command
 * (`npm run bench -- startup`), and a file for each entry point that takes its part.
 */
export async function bundleScript(outDir: string): Promise<void> {
  const loaders = entryPoints.map(({ name, path }) => `"${name}": () => require("${outputOf(path, "esm")}")`);
  await build({
    stdin: {
      contents: `const load = { ${loaders.join(", ")} }; module.exports = (name) => load[name]();`,
      resolveDir: outDir,
    },
    outfile: join(outDir, BUNDLE),
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target: "es2022",
    legalComments: "none",
  });
  for (const { name, path } of entryPoints) {
    const script = outputOf(path, "script");
    const call = `require("${specifierOf(script, `./${BUNDLE}`)}")("${name}");\n`;
    mkdirSync(dirname(join(outDir, script)), { recursive: true });
    writeFileSync(join(outDir, script), isCommand(path) ? `#!/usr/bin/env node\n${call}` : `module.exports = ${call}`);
    if (isCommand(path)) chmodSync(join(outDir, script), 0o755);
  }
}
