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

  for (const what of ["fetch", "new WebSocket", ...(runtime === "deno" ? ["new EventSource"] : [])]) {
    test(`are refused by way of the environment's proxy, too: ${what}`, async () => {
      const proxied = async (port: number, isGuarded: boolean): Promise<Outcomes> => {
        const args = [String(port), `${what} through the environment's proxy`];
        const program = command("native_calls.ts", args, isGuarded);
        const inNamespace = isGuarded ? inLab(program) : inEmptyNamespace(program);
        return await runForJson(inNamespace, { env: { HTTP_PROXY: `http://127.0.0.1:${port}` } });
      };
      expect(await proxied(LAB_PORT, true)).toEqual(await proxied(DEAD_PORT, false));
    });
  }

  for (const how of ["caught", "uncaught", "connect"]) {
    test(`end a program that does nothing else as the bare one ends: ${how}`, async () => {
      const guarded = await run(inLab(command("native_alone.ts", [String(LAB_PORT), how], true)));
      const bare = await run(inEmptyNamespace(command("native_alone.ts", [String(DEAD_PORT), how], false)));
      expect([guarded.code, guarded.stdout]).toEqual([bare.code, bare.stdout]);
      const firstLine = (text: string): string | undefined => /^.*(?:rror|refused).*$/m.exec(text)?.[0];
      const port = (text: string | undefined): string | undefined => text?.replace(String(DEAD_PORT), String(LAB_PORT));
      expect(firstLine(guarded.stderr)).toBe(port(firstLine(bare.stderr)));
    });
  }

  const notDeno = runtime === "deno" ? undefined : "this is not Deno";
  for (const host of ["127.0.0.1", "0.0.0.0", "[::1]", "[::]"]) {
    test.skipIf(notDeno)(because(`need no more permission than they do bare: ${host}`, notDeno), async () => {
      const flags = ["--no-prompt", `--allow-net=${host}:${LAB_PORT}`];
      for (const [how, says] of [["caught", "TypeError\n"], ["connect", "ECONNREFUSED\n"]] as const) {
        const program = command("native_alone.ts", [String(LAB_PORT), how, host], true, flags);
        expect(await run(inLab(program))).toMatchObject({ code: 0, stdout: says, stderr: "" });
      }
    });
  }

  test.skipIf(notDeno)(because("are as the bare ones where only a name may be dialed", notDeno), async () => {
    const flags = ["--no-prompt", `--allow-net=localhost:${DEAD_PORT}`];
    for (const [how, says] of [["caught", "TypeError\n"], ["connect", "ECONNREFUSED\n"]] as const) {
      const program = command("native_alone.ts", [String(DEAD_PORT), how, "localhost"], true, flags);
      expect(await run(inEmptyNamespace(program))).toMatchObject({ code: 0, stdout: says, stderr: "" });
    }
  });

  const unreached = ["a redirect", ...(runtime === "bun" ? ["Bun.fetch", "Bun.S3Client", "the package undici"] : [])];
  for (const name of unreached) {
    test(`of this kind are out of reach, but for REALPEER_SHIELD: ${name}`, async () => {
      const program = inLab(command("native_unreached.ts", [String(LAB_PORT), name], true));
      expect(await runForJson(program)).toBe("connected to itself");
      const outcome = await runForJson(program, { env: { REALPEER_SHIELD: String(LAB_PORT) } });
      // What Bun's S3 client makes of a refusal names no code.
      expect(outcome).toBe("refused");
    });
  }
});

describe.skipIf(reason)(because("with register loaded, native calls to a server on a port at risk", reason), () => {
  for (const host of ["127.0.0.1", "0.0.0.0"]) {
    test(`are as the bare ones (${host})`, async () => {
      const guarded = await runForJson(inLab(command("native_live.ts", [String(LAB_PORT), host], true)));
      const bare = await runForJson(inEmptyNamespace(command("native_live.ts", [String(DEAD_PORT), host], false)));
      expect(guarded).toEqual(bare);
    });
  }
});
