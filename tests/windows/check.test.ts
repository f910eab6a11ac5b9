import { mkdirSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { because } from "../fixtures/lab.ts";
import { NETSH } from "../fixtures/netsh.ts";
import { missing, onDrive, realpeerOn, RUNTIMES, runWindows } from "./wine.ts";

const noNetsh = process.env["REALPEER_WINDOWS_NO_NETSH"];

/** From here on the netsh of this Windows speaks that language. */
function speak(language: string, encoding: string): void {
  const { dynamic, excluded, encodings } = NETSH[language]!;
  writeFileSync(onDrive("netsh/dynamic"), encodings[encoding]!(dynamic));
  writeFileSync(onDrive("netsh/excluded"), encodings[encoding]!(excluded));
}

beforeAll(() => void mkdirSync(onDrive("netsh"), { recursive: true }));

for (const runtime of RUNTIMES) {
  const reason = missing(runtime) ?? noNetsh;
  describe.skipIf(reason)(because(`realpeer check on ${runtime} for Windows`, reason), () => {
    for (const [language, { encodings }] of Object.entries(NETSH)) {
      for (const encoding of Object.keys(encodings)) {
        // Every runtime reads bytes alike; one language tells that it does.
        if (runtime !== "node" && !(language === "Japanese" && encoding !== "UTF-8")) continue;
        test(`reads a netsh that speaks ${language} in ${encoding}`, async () => {
          speak(language, encoding);
          const { code, stdout, stderr } = await runWindows(
            realpeerOn(runtime, "check", "--json", "8080", "1100", "50001", "40000"),
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

test.skipIf(noNetsh)(because("realpeer check says who may run what ends the risk, and where", noNetsh), async () => {
  speak("German", "code page 850");
  const { stdout } = await runWindows(realpeerOn("node", "check", "8080"));
  expect(stdout).toContain("as administrator, in PowerShell or cmd");
});

test("realpeer scan names the command that does the same on Windows", async () => {
  const { code, stderr } = await runWindows(realpeerOn("node", "scan"));
  expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining("Get-NetTCPConnection") });
});
