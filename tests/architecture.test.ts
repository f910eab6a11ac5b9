import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "./fixtures/runtime.ts";

/** The rooms of src, from left to right: a file imports from its own room or from one further right. */
const RANKS: Readonly<Record<string, number>> = { mod: 0, cli: 0, api: 1, adapters: 2, host: 2, core: 3 };

/** Where a runtime may be told from the others. */
const SNIFFERS = /^src\/(adapters\/detect\.ts|cli\/runtime\/.+)$/;

const files = [
  "mod.ts",
  ...readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts")).map((file) => `src/${file.replaceAll("\\", "/")}`),
];
const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));

function roomOf(file: string): string {
  return file === "mod.ts" ? "mod" : file.split("/")[1]!;
}

/** The files of the tree that a file imports, types and `import()` included. */
function importsOf(file: string): string[] {
  // An example in a doc comment imports the package by its name.
  const specifiers = [...texts.get(file)!.matchAll(/\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g)];
  return specifiers.map(([, specifier]) => normalize(join(dirname(file), specifier!)).replaceAll("\\", "/"));
}

/** The specifiers that a file loads at once: neither types nor what `import()` loads when it is needed. */
function loadedAtOnce(file: string): string[] {
  const statements = [...texts.get(file)!.matchAll(/^(?:import|export) (?!type )(?:[^"`;]*? from )?"([^"]+)"/gm)];
  return statements.map(([, specifier]) => specifier!);
}

/** The modules of the runtime that an entry point loads before its first call, each with a file that wants it. */
function builtinsAtOnce(entry: string): Map<string, string> {
  const builtins = new Map<string, string>();
  const reached = new Set([entry]);
  for (const file of reached) {
    for (const specifier of loadedAtOnce(file)) {
      if (!specifier.startsWith(".")) builtins.set(specifier, file);
      else reached.add(normalize(join(dirname(file), specifier)).replaceAll("\\", "/"));
    }
  }
  return builtins;
}

describe("src", () => {
  test("has every file in a room, and reads every import", () => {
    expect(files.filter((file) => RANKS[roomOf(file)] === undefined)).toEqual([]);
    expect(importsOf("src/api/connect.ts")).toContain("src/core/dial.ts");
    expect(files.flatMap(importsOf).filter((file) => !texts.has(file))).toEqual([]);
  });

  test("imports only from the same room or from one further right", () => {
    const wrong = files.flatMap((file) =>
      importsOf(file).filter((imported) => {
        const [from, to] = [roomOf(file), roomOf(imported)];
        return from !== to && RANKS[to]! <= RANKS[from]!;
      }).map((imported) => `${file} imports ${imported}`)
    );
    expect(wrong).toEqual([]);
  });

  test("has a core that imports nothing from outside", () => {
    const outside = files.filter((file) => roomOf(file) === "core" && /from "(?!\.)[^"@]/.test(texts.get(file)!));
    expect(outside).toEqual([]);
  });

  test("loads nothing of node: with mod.ts that takes Deno and Bun longer than the package itself", () => {
    expect([...builtinsAtOnce("src/adapters/node.ts").keys()]).toContain("node:net");
    expect([...builtinsAtOnce("mod.ts")]).toEqual([["node:timers", "src/api/outgoing.ts"]]);
  });

  test("loads nothing of node: for `realpeer wait` but what reads its arguments", () => {
    expect([...builtinsAtOnce("src/cli/main.ts")]).toEqual([["node:util", "src/cli/arguments.ts"]]);
  });

  test("exports nothing internal from an entry point", () => {
    const { exports } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")) as {
      exports: Record<string, string>;
    };
    const entries = Object.values(exports).map((path) => normalize(path).replaceAll("\\", "/"));
    expect(entries).toContain("mod.ts");
    expect(entries.filter((file) => texts.get(file)!.includes("@internal"))).toEqual([]);
  });

  test("tells the runtimes apart in adapters/detect.ts and cli/runtime/ alone", () => {
    const sniff =
      /"(?:Deno|Bun)" in globalThis|globalThis\.(?:Deno|Bun)\b|typeof (?:Deno|Bun)\b|versions\.(?:deno|bun)\b/;
    const sniffing = files.filter((file) => sniff.test(texts.get(file)!));
    expect(sniffing.length, "files that tell the runtimes apart").toBeGreaterThan(0);
    expect(sniffing.filter((file) => !SNIFFERS.test(file))).toEqual([]);
  });

  test("has adapters of at most 150 lines, and no file of more than 300", () => {
    const lines = (file: string): number => texts.get(file)!.split("\n").length - 1;
    expect(files.filter((file) => lines(file) > 300)).toEqual([]);
    expect(files.filter((file) => /^src\/adapters\/(deno|bun|node)\.ts$/.test(file) && lines(file) > 150)).toEqual([]);
  });
});
