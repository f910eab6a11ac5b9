import { chmodSync, copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { usage } from "../../src/cli/usage.ts";
import { because, inEmptyNamespace, noLab } from "../fixtures/lab.ts";
import { README } from "../fixtures/readme.ts";
import { root, run, runtime } from "../fixtures/runtime.ts";
import { realpeer } from "./realpeer.ts";

/** The lines that the table of other tools has for `realpeer`. */
const table = [...README.matchAll(/^\| `[^|]*` +\| `([^|]*realpeer [^|]*)` +\|$/gm)].map(([, line = ""]) => line);

/** The example lines of a command's help. */
function examplesOf(command: string): string[] {
  const [, block = ""] = /^Examples?:\n((?: {2}.*\n)+)/m.exec(usage(command)) ?? [];
  return block.split("\n").map((line) => line.trim()).filter(Boolean);
}

const reason = runtime === "node" ? noLab : "the lines are the same on every runtime, Node runs them";
const folder = mkdtempSync(join(tmpdir(), "realpeer-examples-"));

/** Runs a line as it stands, where the hosts and programs that it names are played by one program. */
async function play(line: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const isStart = line.includes("realpeer start");
  const ports = [...line.matchAll(/(?<=[ :])(\d{2,5})(?=[/ ]|$)/g)].map(([port]) => port).filter((port) =>
    port !== "404"
  );
  const sockets = [...line.matchAll(/unix:(\S+)/g)].map(([, path]) => path);
  const isFree = line.includes("--free");
  const listening = isStart || isFree ? [] : [...new Set([...ports, ...sockets])];
  const hosts = "127.0.0.1 localhost db redis api\\n";
  const script = `
    printf '${hosts}' > ${folder}/hosts; mount --bind ${folder}/hosts /etc/hosts
    mount -t tmpfs none /run; mkdir /run/postgresql; rm -f /tmp/app.sock
    coproc everything ${listening.join(" ")}
    read -r up <&"\${COPROC[0]}"
    ${line}
    status=$?
    kill $COPROC_PID
    exit $status`;
  const env = {
    PATH: `${folder}:${process.env["PATH"]}`,
    STAGE_PORTS: [...new Set(ports)].join(" "),
    STAGE_KIND: isStart ? "start" : "wait",
  };
  return await run(inEmptyNamespace(["bash", "-c", script]), { env });
}

describe.skipIf(reason)(because("an example that is run as it stands ends with 0", reason), () => {
  for (const name of ["npm", "npx", "psql", "redis-server", "everything"]) {
    copyFileSync(join(root, "tests/programs/stage.mjs"), join(folder, `${name}.mjs`));
    writeFileSync(join(folder, name), `#!/bin/sh\nexec node "${folder}/${name}.mjs" "$@"\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const words = realpeer().map((word) => `'${word}'`).join(" ");
  writeFileSync(join(folder, "realpeer"), `#!/bin/sh\nexec ${words} "$@"\n`);
  chmodSync(join(folder, "realpeer"), 0o755);

  test("there are such lines", () => {
    expect(table.length).toBeGreaterThan(10);
    expect(examplesOf("wait").length + examplesOf("start").length).toBeGreaterThan(4);
  });

  for (const line of [...table, ...examplesOf("wait"), ...examplesOf("start")]) {
    test(line, async () => {
      const { code, stdout, stderr } = await play(line);
      expect([line, code, stderr]).toEqual([line, 0, expect.anything()]);
      const [, command] = /^.* -- (?!realpeer)(.*)$/.exec(line) ?? [];
      if (command !== undefined) expect(stdout).toContain(`ran ${command}`.replace(/^ran (\w+) .*$/, "ran $1"));
    });
  }
});
