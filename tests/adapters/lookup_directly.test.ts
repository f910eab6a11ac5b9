import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { lookup } from "../../src/adapters/node/lookup.ts";
import { lookUpDirectly } from "../../src/adapters/node/lookup_directly.ts";
import { because } from "../fixtures/lab.ts";
import { runtime } from "../fixtures/runtime.ts";

type Answer<Found> = (error: Error | null, found?: readonly Found[]) => void;

/** A search at the name servers that is answered by hand. */
interface Search {
  four?: Answer<string>;
  six?: Answer<string>;
  cancels: number;
}

/** Lookups by the system that are answered by hand, and searches. */
const { asked, searches, HOSTS } = vi.hoisted(() => ({
  asked: [] as { hostname: string; options: unknown; answer: Answer<{ readonly address: string }> }[],
  searches: [] as Search[],
  HOSTS: `# 10.0.0.9 commented.test
127.0.0.1\tlocalhost
  10.0.0.1   db.test\tDB-Alias.test # 10.0.0.8 late.test
::1 ip6.test
10.0.0.2 db.test
nonsense broken.test
`,
}));

vi.mock("node:dns", () => ({
  lookup: (hostname: string, options: unknown, answer: Answer<{ address: string }>) =>
    void asked.push({ hostname, options, answer }),
  Resolver: class implements Search {
    four?: Answer<string>;
    six?: Answer<string>;
    cancels = 0;
    constructor() {
      searches.push(this);
    }
    resolve4(_hostname: string, answer: Answer<string>): void {
      this.four = answer;
    }
    resolve6(_hostname: string, answer: Answer<string>): void {
      this.six = answer;
    }
    cancel(): void {
      this.cancels++;
    }
  },
}));
vi.mock("node:fs", async (original) => ({ ...await original<typeof import("node:fs")>(), readFileSync: () => HOSTS }));

beforeEach(() => {
  vi.useFakeTimers();
  asked.length = searches.length = 0;
});
afterEach(() => {
  expect(vi.getTimerCount(), "timers left").toBe(0);
  vi.useRealTimers();
});

/** The answers so far, without a name server. */
function direct(hostname: string): (readonly string[])[] {
  const answers: (readonly string[])[] = [];
  lookUpDirectly(hostname, (addresses) => answers.push(addresses))();
  return answers;
}

describe("a name that is looked up directly", () => {
  const noFile = runtime === "deno" ? "Deno reads no hosts file" : undefined;
  const known: readonly [name: string, addresses: string[]][] = [
    ["db.test", ["10.0.0.1", "10.0.0.2"]],
    ["DB.test.", ["10.0.0.1", "10.0.0.2"]],
    ["db-alias.TEST", ["10.0.0.1"]],
    ["ip6.test", ["::1"]],
    ["localhost", ["127.0.0.1"]],
  ];
  for (const [name, addresses] of known) {
    test.skipIf(noFile)(because(`has the addresses of the hosts file at once: ${name}`, noFile), () => {
      expect(direct(name)).toEqual([addresses]);
      expect(searches).toEqual([]);
    });
  }

  test("is loopback where the hosts file does not say otherwise", () => {
    for (const name of ["db.localhost", "DB.LocalHost."]) expect(direct(name)).toEqual([["127.0.0.1", "::1"]]);
    expect(searches).toEqual([]);
  });

  test("is asked of the name servers where the hosts file does not have it", () => {
    for (const name of ["commented.test", "late.test", "broken.test", "localhost.test", "notlocalhost", "10.0.0.1"]) {
      expect([name, direct(name)]).toEqual([name, []]);
    }
    expect(searches).toHaveLength(6);
    expect(searches.map(({ cancels }) => cancels)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  const failure = new Error("ENODATA");
  const found: readonly [what: string, four: string[] | null, six: string[] | null, answers: string[][]][] = [
    ["both versions", ["10.0.0.1"], ["::1"], [["10.0.0.1", "::1"]]],
    ["one, where the other has none", null, ["::1"], [["::1"]]],
    ["one, where the other is empty", ["10.0.0.1"], [], [["10.0.0.1"]]],
    ["none", null, null, []],
  ];
  for (const [what, four, six, expected] of found) {
    test(`is known once the servers have answered for both IP versions: ${what}`, () => {
      const answers: (readonly string[])[] = [];
      lookUpDirectly("remote.test", (addresses) => answers.push(addresses));
      const [search] = searches;
      search!.four!(four === null ? failure : null, four ?? undefined);
      expect(answers).toEqual([]);
      search!.six!(six === null ? failure : null, six ?? undefined);
      expect(answers).toEqual(expected);
    });
  }
});

describe("a name that is looked up", () => {
  const answer = (name: string, ...addresses: string[]): void =>
    asked.find(({ hostname }) => hostname === name)!.answer(null, addresses.map((address) => ({ address })));

  test("is asked of the system once for all that wait, and again after the answer", async () => {
    const both = [lookup("db.remote"), lookup("db.remote")];
    expect(asked).toMatchObject([{ hostname: "db.remote", options: { all: true } }]);
    answer("db.remote", "10.0.0.1", "10.0.0.2");
    expect(await Promise.all(both)).toEqual([["10.0.0.1", "10.0.0.2"], ["10.0.0.1", "10.0.0.2"]]);
    const again = lookup("db.remote");
    expect(asked).toHaveLength(2);
    asked[1]!.answer(new Error("EAI_AGAIN"));
    await expect(again).rejects.toThrow("EAI_AGAIN");
    expect(searches).toEqual([]);
  });

  test("is looked up directly when the system takes half a second; the first answer counts", async () => {
    const looking = lookup("slow.remote");
    await vi.advanceTimersByTimeAsync(499);
    expect(searches).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(searches).toHaveLength(1);
    searches[0]!.four!(null, ["10.0.0.1"]);
    searches[0]!.six!(null, []);
    expect(await looking).toEqual(["10.0.0.1"]);
    answer("slow.remote", "10.0.0.2");
    await vi.advanceTimersByTimeAsync(0);
    expect(searches[0]!.cancels).toBe(1);
  });

  test("is looked up directly soon where others keep the system busy, but not for one that is asked already", async () => {
    const names = ["a.remote", "b.remote", "b.remote", "c.remote"];
    const looking = names.map((name) => lookup(name));
    await vi.advanceTimersByTimeAsync(49);
    expect(searches).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(searches, "c.remote").toHaveLength(1);
    await vi.advanceTimersByTimeAsync(450);
    expect(searches).toHaveLength(4);
    for (const name of new Set(names)) answer(name, "10.0.0.1");
    await Promise.all(looking);
    await vi.advanceTimersByTimeAsync(0);
    expect(searches.map(({ cancels }) => cancels)).toEqual([1, 1, 1, 1]);
  });
});
