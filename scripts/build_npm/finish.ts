import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { commands, type Format, outputOf, packageJson, readManifest, type SourceManifest } from "./description.ts";

/** What npm shows and what the licence asks for; a file that does not exist yet is left out. */
const DOCUMENTS = ["README.md", "CHANGELOG.md", "LICENSE"];
const TYPES: Readonly<Record<Format, string>> = { esm: "module", script: "commonjs" };

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Puts beside the compiled modules what is the same with every engine, and takes away what only one of them leaves. */
export function finish(root: string, outDir: string): void {
  const kept = new Set<string>(Object.keys(TYPES));
  for (const entry of readdirSync(outDir)) {
    if (!kept.has(entry)) rmSync(join(outDir, entry), { recursive: true });
  }
  for (const [format, type] of Object.entries(TYPES)) writeJson(join(outDir, format, "package.json"), { type });
  for (const document of DOCUMENTS) {
    if (existsSync(join(root, document))) cpSync(join(root, document), join(outDir, document));
  }
  for (const { path } of commands) {
    const command = join(outDir, outputOf(path, "esm"));
    const text = readFileSync(command, "utf8").replace(/^#!.*\n/, "");
    writeFileSync(command, `#!/usr/bin/env node\n${text}`);
    chmodSync(command, 0o755);
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

const IMPORT = /(?:from|import|require)\s*\(?\s*"(\.[^"]*)"/g;

/** Throws when a file that is promised is not there, or one says what only the build machine knows. */
export function assertComplete(root: string, outDir: string): void {
  const manifest: unknown = JSON.parse(readFileSync(join(outDir, "package.json"), "utf8"));
  for (const path of pathsIn(manifest)) {
    if (!existsSync(join(outDir, path))) throw new Error(`package.json names ${path}, which was not built`);
  }
  for (const file of readdirSync(outDir, { recursive: true, encoding: "utf8" })) {
    if (!/\.(js|ts|map)$/.test(file)) continue;
    const text = readFileSync(join(outDir, file), "utf8");
    if (file.endsWith(".map") || text.includes("sourceMappingURL=") || text.includes(root)) {
      throw new Error(`${file} points to a source of this machine`);
    }
    for (const [, specifier = ""] of text.matchAll(IMPORT)) {
      const target = join(outDir, dirname(file), specifier);
      if (!existsSync(target)) throw new Error(`${file} imports ${specifier}, which was not built`);
    }
  }
}
