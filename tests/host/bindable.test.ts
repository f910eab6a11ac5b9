import { describe, expect, test } from "vitest";
import { assertBindable, PortTakenError, type TryBind } from "../../src/host/bindable.ts";

/** Binds as a kernel that lets one address be bound beside every other; `taken` are those in use, with the error. */
function binder(taken: Readonly<Record<string, string>>): { bind: TryBind; tried: string[] } {
  const tried: string[] = [];
  const bind: TryBind = (_port, address = "every") => {
    tried.push(address);
    return Promise.resolve(taken[address] ?? null);
  };
  return { bind, tried };
}

async function codeOf(hostname: string | undefined, platform: string, taken: Record<string, string>): Promise<string> {
  try {
    await assertBindable(50_000, hostname, { platform, bind: binder(taken).bind });
    return "free";
  } catch (error) {
    if (!(error instanceof PortTakenError)) throw error;
    return error.code;
  }
}

describe("where there is no socket table", () => {
  for (const platform of ["darwin", "freebsd", "win32"]) {
    test(`on ${platform} one address is taken while a server listens on every address`, async () => {
      expect(await codeOf("127.0.0.1", platform, { "0.0.0.0": "EADDRINUSE" })).toBe("EADDRINUSE");
      expect(await codeOf("::1", platform, { "::": "EADDRINUSE" })).toBe("EADDRINUSE");
      expect(await codeOf("127.0.0.1", platform, { "::": "EADDRINUSE" })).toBe("EADDRINUSE");
    });

    test(`on ${platform} every address is taken while a server listens on one`, async () => {
      expect(await codeOf(undefined, platform, { "127.0.0.1": "EADDRINUSE" })).toBe("EADDRINUSE");
      expect(await codeOf(undefined, platform, { "::1": "EADDRINUSE" })).toBe("EADDRINUSE");
    });

    test(`on ${platform} a port is free that nobody has, also without IPv6`, async () => {
      expect(await codeOf("127.0.0.1", platform, {})).toBe("free");
      expect(await codeOf(undefined, platform, {})).toBe("free");
      expect(await codeOf("127.0.0.1", platform, { "::": "EADDRNOTAVAIL" })).toBe("free");
      expect(await codeOf(undefined, platform, { "::1": "EAFNOSUPPORT" })).toBe("free");
    });
  }

  test("a refusal is about the port on Windows, where no port is privileged, and about the user elsewhere", async () => {
    expect(await codeOf("127.0.0.1", "win32", { "127.0.0.1": "EACCES" })).toBe("EADDRINUSE");
    expect(await codeOf("127.0.0.1", "win32", { "0.0.0.0": "EACCES" })).toBe("EADDRINUSE");
    expect(await codeOf("127.0.0.1", "darwin", { "127.0.0.1": "EACCES" })).toBe("EACCES");
  });
});

test.skipIf(process.platform !== "linux")("on Linux the table tells, and one bind of what was asked for", async () => {
  const { bind, tried } = binder({ "0.0.0.0": "EADDRINUSE" });
  await assertBindable(1, "127.0.0.1", { platform: "linux", bind });
  expect(tried).toEqual(["127.0.0.1"]);
});
