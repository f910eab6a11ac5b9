import { fileURLToPath } from "node:url";
import type { ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = {
  root: fileURLToPath(new URL("..", import.meta.url).href),
  test: {
    include: ["tests/**/*.test.ts"],
    // These use Deno.test and @std/assert.
    exclude: ["tests/deno/**"],
    // A Bun worker is a thread; elsewhere every file has a process of its own.
    pool: "Bun" in globalThis ? "threads" : "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
};

export default config;
