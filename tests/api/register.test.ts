import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { root, run, runtime } from "../fixtures/runtime.ts";
import type { Heard } from "../programs/client_preloaded.ts";

const GUARDED: Heard = { events: ["SelfConnectError"], published: 1, left: [] };
const UNGUARDED: Heard = { events: ["connect"], published: 0, left: [] };

/** The module, built into one file of each format, and the program. */
const built = mkdtempSync(join(tmpdir(), "realpeer-register-"));
const register = pathToFileURL(join(built, "register.mjs")).href;
const registerCjs = join(built, "register.cjs");
const program = join(built, "program.mjs");

async function build(file: string, format: "esm" | "cjs", output: string): Promise<void> {
  const options = ["--bundle", "--platform=node", `--format=${format}`, `--outfile=${output}`, "--log-level=error"];
  const { code, stderr } = await run([`${root}node_modules/.bin/esbuild`, file, ...options]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

const flags = { node: "--import", deno: "--preload", bun: "--preload" } as const;

interface Setup {
  /** Where the dialing is done. */
  readonly place: string;
  /** What the runtime loads before the program. */
  readonly preload?: readonly string[];
  /** What the dialing program, or worker, loads itself. */
  readonly modules?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

async function hear({ place, preload = [], modules = [], env = {} }: Setup): Promise<Heard> {
  const command = [process.execPath, ...(runtime === "deno" ? ["run", "--quiet", "-A"] : [])];
  for (const module of preload) command.push(flags[runtime], module);
  command.push(program, place, String(LAB_PORT), ...modules);
  const { code, stdout, stderr } = await run(inLab(command), { env });
  // No warning either, from us or from the runtime about us.
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe.skipIf(noLab)(because("register, loaded before a program that dials itself", noLab), () => {
  beforeAll(async () => {
    await build("src/api/register.ts", "esm", fileURLToPath(register));
    await build("src/api/register.ts", "cjs", registerCjs);
    await build("tests/programs/client_preloaded.ts", "esm", program);
  });
  afterAll(() => rmSync(built, { recursive: true }));

  test("changes what happens: without it the socket connects", async () => {
    expect(await hear({ place: "here" })).toEqual(UNGUARDED);
  });

  test("guards a program that never heard of it", async () => {
    expect(await hear({ place: "here", preload: [register] })).toEqual(GUARDED);
  });

  test("guards once, however many copies of it are loaded", async () => {
    const modules = [register, `${register}?copy`, registerCjs];
    expect(await hear({ place: "here", preload: [register, register], modules })).toEqual(GUARDED);
  });

  test("guards from its CommonJS build", async () => {
    expect(await hear({ place: "here", modules: [registerCjs] })).toEqual(GUARDED);
  });

  // Deno and Bun preload nothing in workers.
  if (runtime === "node") {
    test("guards worker threads", async () => {
      expect(await hear({ place: "worker", preload: [register] })).toEqual(GUARDED);
    });
  }

  test("guards a worker thread that imports it, once", async () => {
    expect(await hear({ place: "worker", preload: [register], modules: [register] })).toEqual(GUARDED);
  });

  // Deno has no variable for options.
  const variable = { node: "NODE_OPTIONS", bun: "BUN_OPTIONS", deno: undefined }[runtime];
  if (variable) {
    test(`guards child processes by ${variable}`, async () => {
      const env = { [variable]: `${flags[runtime]}=${fileURLToPath(register)}` };
      expect(await hear({ place: "child", env })).toEqual(GUARDED);
    });
  }

  test("lets a self-connection through whose localPort the program chose", async () => {
    expect(await hear({ place: "chosen", preload: [register] })).toEqual(UNGUARDED);
  });

  test("guards a socket whose options name no connection to go over", async () => {
    expect(await hear({ place: "no transport", preload: [register] })).toEqual(GUARDED);
  });

  test("leaves our own connect its three attempts", async () => {
    const heard = await hear({ place: "adapters", preload: [register] });
    expect(heard).toEqual({ events: ["SelfConnectError", "3"], published: 3, left: [] });
  });
});

test("register leaves net.Socket.prototype.connect the shape it had, and loads again without effect", async () => {
  const { prototype } = net.Socket;
  const { value: before, ...shape } = Object.getOwnPropertyDescriptor(prototype, "connect")!;
  await import("../../src/api/register.ts");
  const { value: after, ...shapeAfter } = Object.getOwnPropertyDescriptor(prototype, "connect")!;
  try {
    expect(after).not.toBe(before);
    expect([after.name, after.length, shapeAfter]).toEqual([before.name, before.length, shape]);
    const { guardAllSockets } = await import("../../src/adapters/node/guard.ts");
    guardAllSockets();
    expect(prototype.connect).toBe(after);
  } finally {
    prototype.connect = before;
  }
});
