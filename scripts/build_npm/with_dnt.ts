import { entryPoints, packageJson, readManifest, type SourceManifest } from "./description.ts";

/** The part of dnt's BuildOptions in use. */
export interface DntOptions {
  entryPoints: { kind: "export"; name: string; path: string }[];
  outDir: string;
  cwd: string;
  shims: Record<string, never>;
  test: false;
  typeCheck: "single";
  declaration: "inline";
  scriptModule: false;
  polyfills: Record<string, boolean>;
  skipSourceOutput: true;
  package: { name: string; version: string; devDependencies: Record<string, string> };
  compilerOptions: {
    target: "ES2022";
    lib: ("ES2023" | "ESNext.Disposable")[];
    stripInternal: true;
    noImplicitReturns: true;
    noUncheckedIndexedAccess: true;
    useUnknownInCatchVariables: true;
  };
}

/** The part of dnt in use. */
export interface Dnt {
  build(options: DntOptions): Promise<void>;
}

// In a variable, so that checking and running the rest asks JSR for nothing.
const DNT = "jsr:@deno/dnt@^0.43.2";

/** What dnt would add, whatever the target is, and what `lib` allows all supported runtimes have by themselves. */
const POLYFILLS = ["arrayFindLast", "errorCause", "objectHasOwn", "stringReplaceAll"];

/** What went wrong, in dnt's own words: its WebAssembly throws strings. */
function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * dnt, or undefined where JSR, or that of JSR_URL, cannot be reached or does not have it.
 *
 * @throws when dnt is there and does not load: what a release is built with must not be missed for long
 */
export async function loadDnt(): Promise<Dnt | undefined> {
  try {
    return await import(DNT) as Dnt;
  } catch (error) {
    const words = wordsOf(error);
    if (/JSR package manifest for '@deno\/dnt' failed to load|not found: @deno\/dnt/.test(words)) return undefined;
    throw new Error(`dnt does not load (${words.split("\n")[0]}), mend it or use --engine tsc`, { cause: error });
  }
}

/** The types that the sources are checked against; dnt installs them. */
function typePackages({ devDependencies }: SourceManifest): Record<string, string> {
  return Object.fromEntries(Object.entries(devDependencies).filter(([name]) => /^@types\/(bun|deno|node)$/.test(name)));
}

function dntOptions(root: string, outDir: string): DntOptions {
  const manifest = readManifest<SourceManifest>(root, "package.json");
  return {
    entryPoints: entryPoints.map((entryPoint) => ({ kind: "export", ...entryPoint })),
    outDir,
    cwd: root,
    shims: {},
    test: false,
    typeCheck: "single",
    declaration: "inline",
    scriptModule: false,
    polyfills: Object.fromEntries(POLYFILLS.map((name) => [name, false])),
    skipSourceOutput: true,
    package: { ...packageJson(manifest), devDependencies: typePackages(manifest) },
    compilerOptions: {
      target: "ES2022",
      // The types of Deno, Bun and Node bring the web's own; with DOM beside them some are declared twice.
      lib: ["ES2023", "ESNext.Disposable"],
      stripInternal: true,
      noImplicitReturns: true,
      noUncheckedIndexedAccess: true,
      useUnknownInCatchVariables: true,
    },
  };
}

/** Compiles the package's modules and declarations into `outDir`. dnt prints what it does, and diagnostics. */
export async function buildWithDnt(dnt: Dnt, root: string, outDir: string): Promise<void> {
  try {
    await dnt.build(dntOptions(root, outDir));
  } catch (error) {
    throw new Error(`dnt stopped (${wordsOf(error)}), mend what it reports above`, { cause: error });
  }
}
