import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { entryPoints, isCommand, outputOf } from "./description.ts";
import { moduleFiles } from "./slim.ts";

/** What a declaration mentions, and the directive that makes a compiler load it; JSR allows no directive in sources. */
const DIRECTIVES: readonly (readonly [mention: RegExp, directive: string])[] = [
  [/\bAsyncDisposable\b|\bSymbol\.asyncDispose\b/, 'lib="esnext.disposable"'],
  [/"node:|\bNodeJS\.|\bBuffer\b/, 'types="node"'],
  [/\bBun\./, 'types="bun"'],
];

/**
 * Globals of the web that a project without the types of the DOM, Node, Bun or Deno does not know. Elsewhere an empty
 * interface changes nothing: it merges with the one that is there, if its type parameters have the same names.
 */
const WEB_GLOBALS: readonly string[] = ["AbortSignal", "ReadableStream<R = any>", "URL", "WritableStream<W = any>"];

function declareGlobals(code: string): string {
  const mentioned = WEB_GLOBALS.filter((name) => new RegExp(`\\b${name.replace(/<.*/, "")}\\b`).test(code));
  if (mentioned.length === 0) return "";
  return `declare global {\n${mentioned.map((name) => `  interface ${name} {}\n`).join("")}}\n`;
}

/** Makes each declaration name the types that it needs: a project with `"types": []` gets `any` for them otherwise. */
function nameTypes(file: string): void {
  const text = readFileSync(file, "utf8");
  const code = text.replace(/\/\*[^]*?\*\//g, "");
  const needed = DIRECTIVES.filter(([mention, directive]) => mention.test(code) && !text.includes(directive));
  writeFileSync(
    file,
    needed.map(([, directive]) => `/// <reference ${directive} />\n`).join("") + text + declareGlobals(code),
  );
}

/**
 * Declares the entry points of both halves once, in the CommonJS half, from which ES modules may import. The classes and
 * interfaces of both are the same types that way.
 */
export function shareDeclarations(outDir: string): void {
  for (const file of moduleFiles(outDir, ["esm"]).filter((file) => file.endsWith(".d.ts"))) {
    const shared = join(outDir, "script", relative(join(outDir, "esm"), file));
    mkdirSync(dirname(shared), { recursive: true });
    renameSync(file, shared);
    nameTypes(shared);
  }
  for (const { path } of entryPoints.filter(({ path }) => !isCommand(path))) {
    const [module, script] = [join(outDir, outputOf(path, "esm", ".d.ts")), join(outDir, outputOf(path, "script"))];
    writeFileSync(module, `export * from "${relative(dirname(module), script).replaceAll("\\", "/")}";\n`);
  }
}
