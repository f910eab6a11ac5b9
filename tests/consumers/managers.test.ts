import { describe, test } from "vitest";
import { because, noLab } from "../fixtures/lab.ts";
import { INSTALL_LIMIT_MS, newMachine } from "./machine.ts";

const WAITS = "wait 127.0.0.1:50000 --quiet -- echo ready";
const PROGRAM = `import { waitForPort } from "@realpeer/tcp";
const { remote } = await waitForPort({ hostname: "127.0.0.1", port: 50000 });
console.log("ready", remote.port);
`;

/** Beside the README's own lines, see readme.test.ts: what a package manager does in an empty folder, and what the last line of it prints. */
const MANAGERS: Readonly<Record<string, { readonly line: string; readonly prints: string; readonly yarn4?: true }>> = {
  "npm install": { line: "npm install @realpeer/tcp && node main.mjs", prints: "ready 50000\n" },
  "npm install -g": { line: `npm install -g @realpeer/tcp && realpeer ${WAITS}`, prints: "ready\n" },
  npx: { line: `npx @realpeer/tcp ${WAITS}`, prints: "ready\n" },
  "pnpm add": { line: "pnpm add @realpeer/tcp && node main.mjs && pnpm realpeer --version", prints: "ready 50000\n" },
  "pnpm dlx": { line: `pnpm dlx @realpeer/tcp ${WAITS}`, prints: "ready\n" },
  "yarn 1 add": { line: "yarn add @realpeer/tcp && node main.mjs", prints: "ready 50000\n" },
  "yarn 4 add, with PnP": {
    line: "yarn init -y && yarn add @realpeer/tcp && yarn node main.mjs && test -e .pnp.cjs",
    prints: "ready 50000\n",
    yarn4: true,
  },
  "yarn 4 dlx": { line: `yarn dlx -q @realpeer/tcp ${WAITS}`, prints: "ready\n", yarn4: true },
  "bun add": { line: "bun add @realpeer/tcp && bun main.mjs", prints: "ready 50000\n" },
  "deno add npm:": { line: "deno add npm:@realpeer/tcp && deno run --allow-net main.mjs", prints: "ready 50000\n" },
  "deno add jsr:": { line: "deno add jsr:@realpeer/tcp && deno run --allow-net main.mjs", prints: "ready 50000\n" },
  "deno install -g": {
    line: `deno install -g -A -n realpeer jsr:@realpeer/tcp/cli && realpeer ${WAITS}`,
    prints: "ready\n",
  },
  "deno doc": { line: "deno doc --filter waitForPort jsr:@realpeer/tcp", prints: "function waitForPort" },
};

describe.concurrent("in an empty folder, with an empty HOME,", { timeout: INSTALL_LIMIT_MS }, () => {
  for (const [name, { line, prints, yarn4 }] of Object.entries(MANAGERS)) {
    test.skipIf(noLab)(because(`${name} ends as it should`, noLab), async ({ expect }) => {
      const machine = newMachine(yarn4 ? "@yarnpkg/cli-dist/bin/yarn.js" : undefined);
      try {
        machine.write("main.mjs", PROGRAM);
        const { code, stdout, stderr } = await machine.sh(line);
        expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
        expect(stdout).toContain(prints);
      } finally {
        machine.remove();
      }
    });
  }
});
