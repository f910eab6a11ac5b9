import { fileURLToPath } from "node:url";
import type { ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = {
  root: fileURLToPath(new URL("../..", import.meta.url).href),
  test: {
    include: ["tests/windows/**/*.test.ts"],
    globalSetup: "tests/windows/machine.ts",
    pool: "forks",
    // Some tests set the ephemeral range of the namespace that they all share.
    maxWorkers: 1,
    retry: process.env["CI"] === "true" ? 1 : 0,
    // A Windows program takes about a second to start under Wine, several on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
};

export default config;
