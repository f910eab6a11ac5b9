import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { entryPoints, isCommand, outputOf } from "./description.ts";
import { moduleFiles } from "./slim.ts";

/** What a declaration mentions, and the directive that makes a compiler load it; JSR allows no directive in sources. */
const DIRECTIVES: readonly (readonly [mention: RegExp, directive: string])[] = [
  [/\bAsyncDisposable\b|\bSymbol\.asyncDispose\b/, 'lib="esnext.disposable"'],
  [/"node:|\bNodeJS\.|\bBuffer\b/, 'types="node"'],
  [/\bBun\./, 'types="bun"'],
];

/** Makes each declaration name the types that it needs: a project with `"types": []` gets `any` for them otherwise. */
function nameTypes(file: string): void {
  const text = readFileSync(file, "utf8");
  const code = text.replace(/\/\*[^]*?\*\//g, "");
  const needed = DIRECTIVES.filter(([mention, directive]) => mention.test(code) && !text.includes(directive));
  writeFileSync(file, needed.map(([, directive]) => `/// <reference ${directive} />\n`).join("") + text);
}

/**
 * Declares the entry points of both halves once: the ES modules take the declarations of the CommonJS half, which they
 * may import. The classes and interfaces of both are the same types that way.
 */
export function shareDeclarations(outDir: string): void {
  for (const file of moduleFiles(outDir).filter((file) => file.endsWith(".d.ts"))) {
    if (file.startsWith(join(outDir, "esm"))) rmSync(file);
    else nameTypes(file);
  }
  for (const { path } of entryPoints.filter(({ path }) => !isCommand(path))) {
    const [module, script] = [join(outDir, outputOf(path, "esm", ".d.ts")), join(outDir, outputOf(path, "script"))];
    writeFileSync(module, `export * from "${relative(dirname(module), script).replaceAll("\\", "/")}";\n`);
  }
}
