import process from "node:process";
import { fileURLToPath } from "node:url";
import type { ViteUserConfig } from "vitest/config";
import { LABS, noLab, noMuteResolverLab, noSilentLab } from "./fixtures/lab.ts";

// Inherited by the workers: to try three namespaces in each file takes long. JSON leaves out what is undefined.
process.env[LABS] = JSON.stringify({ plain: noLab, silent: noSilentLab, "mute resolver": noMuteResolverLab });

const config: ViteUserConfig = {
  root: fileURLToPath(new URL("..", import.meta.url).href),
  test: {
    include: ["tests/**/*.test.ts"],
    // The first use Deno.test and @std/assert; the second have nothing to say anywhere else.
    exclude: ["tests/deno/**", ...("Bun" in globalThis ? [] : ["tests/bun/**"])],
    globalSetup: "Deno" in globalThis || "Bun" in globalThis ? [] : ["tests/fixtures/built_programs.ts"],
    // A Bun worker is a thread; elsewhere every file has a process of its own.
    pool: "Bun" in globalThis ? "threads" : "forks",
    // Beside another suite's: more would make the tests late and not the run shorter.
    maxWorkers: 3,
    // A shared machine can be late by more than a test allows for; what needed its second try is shown as "retry x1".
    retry: process.env["CI"] === "true" ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
};

export default config;
