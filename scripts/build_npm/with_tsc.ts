import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { entryPoints, type Format } from "./description.ts";

/** Each format's own options, on top of those of src/tsconfig.json. */
const FORMATS: Readonly<Record<Format, Readonly<Record<string, string | boolean>>>> = {
  esm: { module: "nodenext" },
  // What dnt writes too: `import()` becomes `require()`, so that one half of the package never loads the other.
  script: { module: "commonjs", moduleResolution: "bundler", verbatimModuleSyntax: false },
};

function compile(root: string, outDir: string, format: Format): void {
  const project = join(outDir, `tsconfig.${format}.json`);
  const compilerOptions = {
    ...FORMATS[format],
    noEmit: false,
    noEmitOnError: true,
    rootDir: root,
    outDir: join(outDir, format),
    typeRoots: [join(root, "node_modules/@types")],
    stripInternal: true,
    newLine: "lf",
  };
  const files = entryPoints.map(({ path }) => join(root, path));
  writeFileSync(
    project,
    JSON.stringify({ extends: join(root, "src/tsconfig.json"), compilerOptions, files, include: [] }),
  );
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout, error } = spawnSync("node", [tsc, "--pretty", "false", "-p", project], {
    cwd: root,
    encoding: "utf8",
  });
  rmSync(project);
  if (error) throw new Error(`tsc does not start (${error.message}), run npm ci`);
  if (status === 0) return;
  const diagnostics = stdout.split("\n").filter((line) => / error TS\d+: |^error /.test(line));
  const more = diagnostics.length > 1 ? ` and ${diagnostics.length - 1} more` : "";
  throw new Error(`the type check failed, mend ${diagnostics[0] ?? stdout.trim()}${more}`);
}

/** tsc rewrites `./module.ts` to `./module.js` in modules, but leaves it in declarations. */
function rewriteDeclarations(outDir: string): void {
  for (const file of readdirSync(outDir, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".d.ts")) continue;
    const path = join(outDir, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/((?:from|import) ?\(?"\.[^"]*)\.ts"/g, '$1.js"'));
  }
}

/** Compiles the package's modules and declarations into `outDir` without leaving this machine. */
export function buildWithTsc(root: string, outDir: string): void {
  for (const format of ["esm", "script"] as const) compile(root, outDir, format);
  rewriteDeclarations(outDir);
}
