import { commands, entryPoints, packageJson, readManifest, type SourceManifest } from "./description.ts";

/** The part of dnt's BuildOptions in use. */
export interface DntOptions {
  entryPoints: { kind: "export" | "bin"; name: string; path: string }[];
  outDir: string;
  cwd: string;
  shims: Record<string, never>;
  test: false;
  typeCheck: "both";
  declaration: "inline";
  scriptModule: "cjs";
  skipSourceOutput: true;
  package: { name: string; version: string; devDependencies: Record<string, string> };
  compilerOptions: {
    target: "ES2022";
    lib: ("ES2023" | "ESNext.Disposable" | "DOM" | "DOM.Iterable")[];
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
const DNT = "jsr:@deno/dnt@^0.42.1";

/** dnt, or why it cannot be had. */
export async function loadDnt(): Promise<Dnt | Error> {
  try {
    return await import(DNT) as Dnt;
  } catch (error) {
    return error as Error;
  }
}

/** The types that the sources are checked against; dnt installs them. */
function typePackages({ devDependencies }: SourceManifest): Record<string, string> {
  return Object.fromEntries(Object.entries(devDependencies).filter(([name]) => /^@types\/(bun|deno|node)$/.test(name)));
}

function dntOptions(root: string, outDir: string): DntOptions {
  const manifest = readManifest<SourceManifest>(root, "package.json");
  return {
    entryPoints: [
      ...entryPoints.map((entryPoint) => ({ kind: "export" as const, ...entryPoint })),
      ...commands.map((command) => ({ kind: "bin" as const, ...command })),
    ],
    outDir,
    cwd: root,
    shims: {},
    test: false,
    typeCheck: "both",
    declaration: "inline",
    scriptModule: "cjs",
    skipSourceOutput: true,
    package: { ...packageJson(manifest), devDependencies: typePackages(manifest) },
    compilerOptions: {
      target: "ES2022",
      lib: ["ES2023", "ESNext.Disposable", "DOM", "DOM.Iterable"],
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
    throw new Error(`dnt stopped (${(error as Error).message}), mend what it reports above`, { cause: error });
  }
}
