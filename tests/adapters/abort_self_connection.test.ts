import { expect, test } from "vitest";
import { because, inLab, LAB_PORT, noLab } from "../fixtures/lab.ts";
import { commandFor, runForJson, runtime } from "../fixtures/runtime.ts";

for (const kind of runtime === "node" ? ["portable"] : ["portable", "node", runtime]) {
  const name = `${kind} connect() that is given up while it is connected to itself leaves no TIME-WAIT`;
  test.skipIf(noLab)(because(name, noLab), async () => {
    const command = inLab(commandFor("tests/programs/abort_self.ts", [kind, String(LAB_PORT)]));
    expect(await runForJson(command)).toEqual([]);
  });
}
