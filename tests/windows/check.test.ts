import { copyFileSync, linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { because } from "../fixtures/lab.ts";
import { NETSH } from "../fixtures/netsh.ts";
import { folderOf, missing, onDrive, realpeerOn, RUNTIMES, runWindows } from "./wine.ts";

const NETSH_EXE = onDrive("windows/system32/netsh.exe");
const NODE_EXE = onDrive(folderOf("node"), "node.exe");
/** What every node.exe loads first: one that is called netsh.exe prints a file in place of running a script. */
const PRELOAD = `
if (/netsh\\.exe$/i.test(process.execPath)) {
  const { readFileSync, writeSync } = require("node:fs");
  writeSync(1, readFileSync("C:/netsh/" + (process.argv.join().includes("excludedportrange") ? "excluded" : "dynamic")));
  // Bun on Wine loses what a program writes that ends at once.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  process.exit(0);
}`;

/** From here on the netsh of this Windows speaks that language. */
function speak(language: string, encoding: string): void {
  const { dynamic, excluded, encodings } = NETSH[language]!;
  writeFileSync(onDrive("netsh/dynamic"), encodings[encoding]!(dynamic));
  writeFileSync(onDrive("netsh/excluded"), encodings[encoding]!(excluded));
}

const env = { NODE_OPTIONS: "--require C:/netsh/preload.cjs" };

beforeAll(() => {
  mkdirSync(onDrive("netsh"), { recursive: true });
  writeFileSync(onDrive("netsh/preload.cjs"), PRELOAD);
  rmSync(NETSH_EXE, { force: true });
  try {
    linkSync(NODE_EXE, NETSH_EXE);
  } catch {
    copyFileSync(NODE_EXE, NETSH_EXE);
  }
});

for (const runtime of RUNTIMES) {
  const reason = missing(runtime);
  describe.skipIf(reason)(because(`realpeer check on ${runtime} for Windows`, reason), () => {
    for (const [language, { encodings }] of Object.entries(NETSH)) {
      for (const encoding of Object.keys(encodings)) {
        // Every runtime reads bytes alike; one language tells that it does.
        if (runtime !== "node" && !(language === "Japanese" && encoding !== "UTF-8")) continue;
        test(`reads a netsh that speaks ${language} in ${encoding}`, async () => {
          speak(language, encoding);
          const { code, stdout, stderr } = await runWindows(
            realpeerOn(runtime, "check", "--json", "8080", "1100", "50001", "40000"),
            { env },
          );
          expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
          const range = { low: 1024, high: 14_999 };
          expect(JSON.parse(stdout)).toMatchObject([
            {
              port: 8080,
              risk: "high",
              range,
              fix: expect.stringMatching(/^netsh int ipv4 add excludedportrange .*=8080 /),
            },
            { port: 1100, risk: "none", reserved: false, reasons: [expect.stringContaining("no server can bind it")] },
            { port: 50001, risk: "none", range },
            { port: 40000, risk: "none", fix: null },
          ]);
        });
      }
    }
  });
}

test("realpeer check says who may run what ends the risk, and where", async () => {
  speak("German", "code page 850");
  const { stdout } = await runWindows(realpeerOn("node", "check", "8080"), { env });
  expect(stdout).toContain("as administrator, in PowerShell or cmd");
});

test("realpeer scan names the command that does the same on Windows", async () => {
  const { code, stderr } = await runWindows(realpeerOn("node", "scan"));
  expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining("Get-NetTCPConnection") });
});
