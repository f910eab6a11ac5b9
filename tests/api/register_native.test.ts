import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { because, inEmptyNamespace, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { root, run, runForJson, runtime } from "../fixtures/runtime.ts";
import type { Outcome } from "../programs/native_calls.ts";

const reason = noLab ?? (runtime === "node" ? "on Node everything goes through node:net" : undefined);
/** Outside of the lab's range, and dead: what a bare call says where nobody listens. */
const DEAD_PORT = 30000;

const built = mkdtempSync(join(tmpdir(), "realpeer-native-"));
const register = join(built, "register.mjs");

/** The command that runs a program of tests/programs, guarded or bare. */
function command(
  program: string,
  args: readonly string[],
  isGuarded: boolean,
  flags: readonly string[] = ["-A"],
): string[] {
  const preload = isGuarded ? ["--preload", register] : [];
  const own = runtime === "deno" ? ["run", "--quiet", ...flags, ...preload] : preload;
  return [process.execPath, ...own, `${root}tests/programs/${program}`, ...args];
}

type Outcomes = Readonly<Record<string, Outcome>>;

beforeAll(async () => {
  const options = ["--bundle", "--platform=node", "--format=esm", `--outfile=${register}`, "--log-level=error"];
  const esbuild = [`${root}node_modules/.bin/esbuild`, "src/api/register.ts", ...options];
  expect(await run(esbuild)).toMatchObject({ code: 0, stderr: "" });
});
afterAll(() => rmSync(built, { recursive: true }));

describe.skipIf(reason)(because("with register loaded, native calls to a dead port", reason), () => {
  test("end as the bare ones end where no port is at risk, and leave nothing", async () => {
    const guarded = await runForJson<Outcomes>(inLab(command("native_calls.ts", [String(LAB_PORT)], true)));
    const bare = await runForJson<Outcomes>(inEmptyNamespace(command("native_calls.ts", [String(DEAD_PORT)], false)));
    expect(Object.keys(guarded).length).toBeGreaterThan(30);
    expect(guarded).toEqual(bare);
  });

  const deceived = runtime === "deno"
    ? ["fetch a string", "new WebSocket", "Deno.connect", "Deno.connectTls", "fetch through a proxy"]
    : ["fetch a string", "new WebSocket", "Bun.connect", "fetch through a proxy", "fetch.preconnect"];
  for (const name of deceived) {
    test(`and without it are connected to themselves: ${name}`, async () => {
      const args = [String(LAB_PORT), name];
      const bare = await runForJson<Outcomes>(inLab(command("native_calls.ts", args, false)));
      const reference = await runForJson<Outcomes>(
        inEmptyNamespace(command("native_calls.ts", [String(DEAD_PORT), name], false)),
      );
      expect(bare[name]).not.toEqual(reference[name]);
    });
  }
});
