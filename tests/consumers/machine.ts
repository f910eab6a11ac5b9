import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { inLab } from "../fixtures/lab.ts";
import { registryAddresses } from "../fixtures/registries.ts";
import { TOOLS } from "./project.ts";
import { commandFor, type Finished, root, run } from "../fixtures/runtime.ts";

/** Package managers are slow, and some of them run at once. */
export const INSTALL_LIMIT_MS = 150_000;

/** A machine on which nothing has been installed but the runtimes and package managers. */
export interface Machine {
  /** An empty folder to work in. */
  readonly folder: string;
  /** Writes a file into the folder. */
  write(file: string, content: string | object): void;
  /**
   * Runs a shell line there, beside the servers of beside_echo_server.ts in a lab namespace; `isAlone` hides the processes
   * of other tests.
   */
  sh(line: string, isAlone?: boolean): Promise<Finished>;
  remove(): void;
}

/** The scope's registry for npm and all that read its settings, and for yarn 4. */
function settings(npm: string): Readonly<Record<string, string>> {
  return {
    ".npmrc": `@realpeer:registry=${npm}\nprefix=\${HOME}/global\naudit=false\nfund=false\nupdate-notifier=false\n`,
    ".yarnrc.yml":
      `enableTelemetry: false\nenableGlobalCache: false\nunsafeHttpWhitelist: ["127.0.0.1"]\nnpmScopes:\n  realpeer:\n    npmRegistryServer: "${npm}"\n`,
  };
}

/** What stands in for programs that a README may take for granted. */
function programs(yarn: string): Readonly<Record<string, string>> {
  return {
    yarn: `exec node "${join(root, TOOLS, yarn)}" "$@"`,
    bunx: `exec bun x "$@"`,
    // The tests are root already, or in a namespace where they are.
    sudo: 'exec "$@"',
  };
}

/** An empty HOME with nothing in it but where the scope's registry is. */
export function newMachine(yarn: "yarn/bin/yarn.js" | "@yarnpkg/cli-dist/bin/yarn.js" = "yarn/bin/yarn.js"): Machine {
  const { jsr, npm } = registryAddresses();
  const home = mkdtempSync(join(tmpdir(), "realpeer-machine-"));
  const folder = join(home, "project");
  mkdirSync(folder);
  mkdirSync(join(home, "bin"));
  for (const [file, text] of Object.entries(settings(npm.url))) writeFileSync(join(home, file), text);
  for (const [name, line] of Object.entries(programs(yarn))) {
    writeFileSync(join(home, "bin", name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(home, "bin", name), 0o755);
  }
  const path = ["bin", "global/bin", ".deno/bin", ".bun/bin"].map((name) => join(home, name));
  const tools = [
    join(root, "node_modules/.bin"),
    join(root, TOOLS, ".bin"),
    dirname(process.execPath),
    "/usr/local/bin",
    "/usr/bin",
    "/bin",
  ];
  const env = {
    HOME: home,
    PATH: [...path, ...tools, "/usr/sbin", "/sbin"].join(":"),
    TMPDIR: tmpdir(),
    JSR_URL: jsr.url,
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
  };
  writeFileSync(join(home, "hosts"), "127.0.0.1 localhost redis\n::1 localhost\n");
  // In the lab's own mount namespace: names that examples dial.
  const prepare = `mount --bind ${home}/hosts /etc/hosts`;
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return {
    folder,
    write: (file, content) =>
      writeFileSync(join(folder, file), typeof content === "string" ? content : JSON.stringify(content)),
    sh(line, isAlone = false) {
      const command = ["sh", "-c", `set -e; ${prepare}; exec "$@"`, "sh"];
      if (isAlone) command.push("unshare", "--pid", "--fork", "--mount-proc");
      command.push("env", "-i", "-C", folder, ...assignments, "sh", "-c", line);
      return run(inLab(commandFor("tests/programs/beside_echo_server.ts", command)), { limit: INSTALL_LIMIT_MS });
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}
