import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root, run, runForJson } from "../fixtures/runtime.ts";
import { newProject, npmInstall, pinned, type Project, strictTsconfig, tool, TOOLS } from "./project.ts";

const tools = join(root, TOOLS);
const CLASSIC = { "TypeScript 5.2": "typescript-5.2", "TypeScript 5.9": "typescript-5.9" } as const;
/** Checking the declarations of Node takes a compiler of these some seconds. */
const LIMIT_MS = 180_000;

interface Check {
  readonly name: string;
  readonly options: object;
  readonly files: readonly string[];
}

/** The declarations are checked themselves too, and without the DOM's types. */
const RESOLUTIONS: readonly Check[] = [
  { module: "commonjs", moduleResolution: "node10" },
  { module: "node16" },
  { module: "nodenext" },
  { module: "es2022", moduleResolution: "bundler" },
].map((options) => ({
  name: options.moduleResolution ?? options.module,
  options: { ...options, types: ["node"] },
  files: ["portable.ts", "node_socket.ts"],
}));
/** Without `"types"`, as `tsc --init` of TypeScript 7 leaves it. */
const NO_TYPES: readonly Check[] = [
  { name: "any", options: { module: "nodenext", skipLibCheck: true }, files: ["any.ts"] },
  { name: "disposable", options: { module: "nodenext", lib: undefined }, files: ["portable_only.ts"] },
  // With neither the types of the DOM nor those of a runtime.
  { name: "bare", options: { module: "nodenext", types: [] }, files: ["portable_only.ts", "native_only.ts"] },
  // With the DOM's types, which want memory that is not shared.
  { name: "streams", options: { module: "nodenext", lib: undefined }, files: ["streams.ts"] },
];
const NO_SUCH_METHOD = /^any\.ts\(2,\d+\): error TS2339: Property 'noSuchMethod' does not exist on type 'Socket'\.\n$/;

let project: Project;
beforeAll(async () => {
  project = await newProject("module", npmInstall(pinned("@types/node")));
  project.use("portable.ts", "node_socket.ts", "compile.cjs");
  project.write(
    "any.ts",
    'import { connect } from "@realpeer/tcp/node";\n(await connect({ port: 1 })).noSuchMethod();\n',
  );
  project.write(
    "portable_only.ts",
    'import { connect } from "@realpeer/tcp";\nawait using it = await connect(1);\nvoid it;\n',
  );
  project.write(
    "native_only.ts",
    'import "@realpeer/tcp/register";\nimport { connect } from "@realpeer/tcp/bun";\nvoid connect;\n',
  );
  project.write(
    "streams.ts",
    `import { connect } from "@realpeer/tcp";
const { readable, startTls } = await connect(1);
const [one, other] = readable.tee();
const text: ReadableStream<string> = one.pipeThrough(new TextDecoderStream());
const inflated = other.pipeThrough(new DecompressionStream("gzip"));
const { value } = await (await connect(1)).readable.getReader().read();
if (value !== undefined) console.log(new Blob([value]), await crypto.subtle.digest("SHA-1", value), text, inflated);
const { native }: { native: Date } = await startTls<Date>();
void native;
`,
  );
  for (const { name, options, files } of [...RESOLUTIONS, ...NO_TYPES]) {
    const strict = strictTsconfig(files, [], { lib: ["es2023"], noEmit: true, ...options });
    project.write(`tsconfig.${name}.json`, strict);
  }
});
afterAll(() => project?.remove());

const configOf = ({ name }: Check): string => `tsconfig.${name}.json`;

for (const [name, folder] of Object.entries(CLASSIC)) {
  test(`${name} compiles programs for every module resolution`, { timeout: LIMIT_MS }, async () => {
    // `using` without the standard library's own types is for later ones.
    const checks = folder === "typescript-5.2" ? RESOLUTIONS : [...RESOLUTIONS, ...NO_TYPES];
    const command = ["node", "compile.cjs", join(tools, folder), ...checks.map(configOf)];
    const options = { cwd: project.folder, limit: LIMIT_MS };
    const [node10, node16, nodenext, bundler, any, ...others] = await runForJson<string[]>(command, options);
    expect({ node10, node16, nodenext, bundler }).toEqual({ node10: "", node16: "", nodenext: "", bundler: "" });
    if (checks === RESOLUTIONS) return;
    expect(any).toMatch(NO_SUCH_METHOD);
    expect(others).toEqual(["", "", ""]);
  });
}

for (const check of [...RESOLUTIONS.slice(1), ...NO_TYPES]) {
  test(`TypeScript 7 compiles programs: ${check.name}`, async () => {
    const command = [tool("tsc"), "--pretty", "false", "-p", configOf(check)];
    const { stdout, stderr } = await run(command, { cwd: project.folder });
    expect(stdout + stderr).toMatch(check.name === "any" ? NO_SUCH_METHOD : /^$/);
  });
}

/** The part of @microsoft/tsdoc in use. */
interface TsDoc {
  readonly TSDocParser: new () => {
    parseString(comment: string): { log: { messages: readonly { messageId: string; unformattedText: string }[] } };
  };
}

test("the doc comments are TSDoc, as API Extractor wants them", () => {
  const { TSDocParser }: TsDoc = createRequire(join(tools, "x.js"))("@microsoft/tsdoc");
  const folder = join(project.folder, "node_modules/@realpeer/tcp/script");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".d.ts"));
  const comments = files.flatMap((file) => readFileSync(join(folder, file), "utf8").match(/\/\*\*[^]*?\*\//g) ?? []);
  expect(comments.length).toBeGreaterThan(50);
  // JSR's pages need @module, which TSDoc calls @packageDocumentation, and @ignore.
  const warnings = comments.filter((comment) => !/@(module|ignore)\b/.test(comment)).flatMap((comment) =>
    new TSDocParser().parseString(comment).log.messages.map(({ messageId }) => `${messageId}: ${comment}`)
  );
  expect(warnings).toEqual([]);
});
