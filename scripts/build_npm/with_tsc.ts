import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { entryPoints } from "./description.ts";

function compile(root: string, outDir: string): void {
  const project = join(outDir, "tsconfig.json");
  const compilerOptions = {
    module: "nodenext",
    noEmit: false,
    noEmitOnError: true,
    rootDir: root,
    outDir: join(outDir, "esm"),
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
  compile(root, outDir);
  rewriteDeclarations(outDir);
}
