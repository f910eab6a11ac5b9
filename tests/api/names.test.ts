import { describe, expect, test } from "vitest";
import {
  because,
  inLabWithHosts,
  inLabWithNameServers,
  noMuteResolverLab,
  OTHER_NAME_SERVER,
  SILENT_NAME_SERVER,
} from "../fixtures/lab.ts";
import { commandFor, runForJson } from "../fixtures/runtime.ts";
import type { Outcome } from "../programs/names.ts";

const program = (scenario: string): string[] => commandFor("tests/programs/names.ts", [scenario]);
const SILENT_ADDRESS = "127.0.0.2";

describe.skipIf(noMuteResolverLab)(because("a name in trouble", noMuteResolverLab), () => {
  test("waitForPort() reaches a name whose first name server is silent, as the bare call does", async () => {
    const lab = inLabWithNameServers([SILENT_NAME_SERVER, OTHER_NAME_SERVER], program("slow name server"));
    const { elapsed, address } = await runForJson<Outcome>(lab);
    expect(address).toBe("127.0.0.1");
    // resolv.conf(5): the second server is asked after 5 s.
    expect(elapsed).toBeLessThan(9000);
  });

  test("a name that is answered waits for none that is not", async () => {
    const lab = inLabWithNameServers([OTHER_NAME_SERVER], program("hanging names"));
    const { elapsed, address } = await runForJson<Outcome>(lab);
    expect(address).toBe("127.0.0.1");
    expect(elapsed).toBeLessThan(4000);
  });

  test("a name means its address on loopback, too, on a host that has no other of that family", async () => {
    const command = ["sh", "-c", 'ip address add 10.9.9.9/32 dev lo; exec "$@"', "sh", ...program("loopback only")];
    const hosts = "127.0.0.1 localhost\n::1 localhost\n";
    const { asked } = await runForJson<Outcome>(inLabWithHosts(hosts, SILENT_ADDRESS, command));
    expect(asked).toBe(4);
  });

  test("a server at one address of a name is noticed while another address is silent", async () => {
    const hosts = `${SILENT_ADDRESS} pair.test\n127.0.0.1 pair.test\n`;
    const { elapsed, address } = await runForJson<Outcome>(
      inLabWithHosts(hosts, SILENT_ADDRESS, program("silent address")),
    );
    expect(address).toBe("127.0.0.1");
    expect(elapsed).toBeLessThan(500);
  });

  test("connect() goes on to the second address of a name whose first is connected to itself", async () => {
    const hosts = "10.93.0.1 two.test\n10.93.0.2 two.test\n";
    const { address } = await runForJson<Outcome>(inLabWithHosts(hosts, SILENT_ADDRESS, program("two hosts")));
    expect(address).toBe("10.93.0.2");
  });
});
