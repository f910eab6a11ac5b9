import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { type Finished, root, run, runtime } from "../fixtures/runtime.ts";

const built = mkdtempSync(join(tmpdir(), "realpeer-environment-"));
const register = { esm: join(built, "register.mjs"), cjs: join(built, "register.cjs") } as const;
const REFUSED = { ECONNREFUSED: 200 };

beforeAll(async () => {
  for (const [format, file] of Object.entries(register)) {
    const options = ["--bundle", "--platform=node", `--format=${format}`, `--outfile=${file}`, "--log-level=error"];
    const esbuild = [`${root}node_modules/.bin/esbuild`, "src/api/register.ts", ...options];
    expect(await run(esbuild)).toMatchObject({ code: 0, stderr: "" });
  }
});
afterAll(() => rmSync(built, { recursive: true }));

function shielded(ports: string, flags: readonly string[]): Promise<Finished> {
  const own = runtime === "deno" ? ["run", "--quiet", "-A"] : [];
  const command = [process.execPath, ...own, ...flags, "tests/programs/shield_by_environment.mjs", String(LAB_PORT)];
  return run(inLab(command), { env: { REALPEER_SHIELD: ports } });
}

const ways: Readonly<Record<typeof runtime, readonly (readonly string[])[]>> = {
  node: [["--import", register.esm], ["--require", register.cjs]],
  deno: [["--preload", register.esm]],
  bun: [["--preload", register.esm], ["--preload", register.cjs]],
};

describe.skipIf(noLab)(because("REALPEER_SHIELD", noLab), () => {
  for (const flags of ways[runtime]) {
    test(`shields from the first tick to the end, for other programs, too (${flags[0]} ${flags[1]!.slice(-3)})`, async () => {
      const { code, stdout, stderr } = await shielded(`${LAB_PORT}, 80`, flags);
      expect([code, stderr]).toEqual([0, ""]);
      expect(JSON.parse(stdout)).toEqual({ first: REFUSED, later: REFUSED, holders: 1 });
    });
  }

  const pending = runtime === "bun" ? "a pending Bun.connect cannot be reset" : undefined;
  for (const flags of ways[runtime]) {
    const name = `leaves nothing when the program ends at once (${flags[0]} ${flags[1]!.slice(-3)})`;
    test.skipIf(pending)(because(name, pending), async () => {
      const ports = Array.from({ length: 10 }, (_, index) => LAB_PORT + 1 + 2 * index).join();
      const own = runtime === "deno" ? ["run", "--quiet", "-A"] : [];
      const program = [process.execPath, ...own, ...flags, "tests/programs/exit_at_once.mjs"];
      const script = 'for run in 1 2 3 4 5; do "$@"; done; ss -Htan';
      const { code, stdout, stderr } = await run(inLab(["sh", "-c", script, "sh", ...program]), {
        env: { REALPEER_SHIELD: ports },
      });
      expect([code, stdout, stderr]).toEqual([0, "", ""]);
    });
  }

  const notNode = runtime === "node" ? undefined : "this is not Node";
  test.skipIf(notNode)(because("lets a program run that may start no thread", notNode), async () => {
    const version = Number.parseInt(process.versions.node);
    const model = version < 23
      ? ["--experimental-permission"]
      : ["--permission", ...(version < 25 ? [] : ["--allow-net"])];
    const flags = [...model, "--allow-fs-read=*", "--allow-child-process", ...ways.node[0]!];
    const { code, stdout } = await shielded(String(LAB_PORT), flags);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { later: REFUSED, holders: 1 }]);
  });

  test("shields nothing when it is empty", async () => {
    const { code, stdout } = await shielded("", ways[runtime][0]!);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { first: { connected: 200 }, holders: 0 }]);
  });

  test("stops the program when it cannot be read", async () => {
    const { code, stderr } = await shielded("40000,http", ways[runtime][0]!);
    expect(code).not.toBe(0);
    expect(stderr).toContain("Cannot read REALPEER_SHIELD: expected ports as in 41000,41002, got http");
  });
});
