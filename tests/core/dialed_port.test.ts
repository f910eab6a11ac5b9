import { describe, expect, test } from "vitest";
import { dialedPort, portOf, proxyPorts } from "../../src/core/dialed_port.ts";

describe("the port that a URL dials", () => {
  const cases: readonly (readonly [url: string, port: number | undefined])[] = [
    ["http://127.0.0.1:40000/", 40000],
    ["http://127.0.0.1:40000", 40000],
    ["http://127.0.0.1:40000?query", 40000],
    ["http://127.0.0.1:40000#hash", 40000],
    ["HTTPS://LOCALHOST:40000/", 40000],
    ["ws://localhost:40000/path:1", 40000],
    ["http://[::1]:40000/", 40000],
    ["http://[::ffff:7f00:1]:40000", 40000],
    ["http://0x7f.1:40000/", 40000],
    ["http://a.localhost:40000/", 40000],
    ["http://user:pass@127.0.0.1:40000/", 40000],
    ["http://user:1@127.0.0.1:40000/", 40000],
    ["http://a:1@b:2@127.0.0.1:40000/", 40000],
    ["http://127.0.0.1:040000/", 40000],
    ["http://127.0.0.1:00000000040000/", 40000],
    ["  http://127.0.0.1:40000/ \n", 40000],
    ["http://127.0.0.1:4\t00\n00/", 40000],
    ["http:\\\\127.0.0.1:40000\\", 40000],
    ["http:127.0.0.1:40000", 40000],
    ["http:////127.0.0.1:40000", 40000],
    ["http://\u{ff11}27.0.0.1:40000/", 40000],
    ["http://exämple:40000/", 40000],
    ["http://under_score:40000/", 40000],
    ["http://localhost/:40000", 80],
    ["http://localhost?:40000", 80],
    ["https://localhost", 443],
    ["ws://localhost:/", 80],
    ["wss://localhost", 443],
    ["redis://localhost", 6379],
    ["rediss://user:word@localhost:40000/0", 40000],
    ["postgres://localhost/database", 5432],
    ["mysql://localhost:40000/database", 40000],
    ["http://127.0.0.1:65536/", undefined],
    ["http://127.0.0.1:999999/", undefined],
    ["http://127.0.0.1:0/", undefined],
    ["http://", undefined],
    ["/path", undefined],
    ["", undefined],
    ["data:text/plain,http://127.0.0.1:40000/", undefined],
    ["blob:http://127.0.0.1:40000/id", undefined],
    ["file:///etc/hosts", undefined],
    ["unix:///run/socket", undefined],
  ];
  for (const [url, port] of cases) test(`${JSON.stringify(url)}: ${port}`, () => expect(dialedPort(url)).toBe(port));

  test("a relative URL has the base's", () => {
    expect(dialedPort("/path", "http://127.0.0.1:40000/")).toBe(40000);
    expect(dialedPort("//localhost:41000/path", "http://127.0.0.1:40000/")).toBe(41000);
  });

  test("is what the URL parser says, wherever it has an opinion", () => {
    for (const [url] of cases) {
      if (!URL.canParse(url)) expect([url, dialedPort(url)]).toEqual([url, undefined]);
      else if (new URL(url).port !== "") expect([url, dialedPort(url) ?? 0]).toEqual([url, Number(new URL(url).port)]);
    }
  });
});

test("portOf() takes numbers and digits that are ports", () => {
  expect([40000, "40000", " 40000 "].map(portOf)).toEqual([40000, 40000, 40000]);
  expect([0, -1, 65536, 1.5, NaN, "", " ", "http", null, undefined, {}, true].map(portOf)).toEqual(
    Array.from({ length: 12 }, () => undefined),
  );
});

test("proxyPorts() reads the environment as requests do", () => {
  const env: Readonly<Record<string, string>> = {
    http_proxy: "http://127.0.0.1:40000",
    HTTPS_PROXY: "127.0.0.1:40001",
    ALL_PROXY: "socks5://user:word@127.0.0.1:40002",
    HTTP_PROXY: "",
  };
  expect(proxyPorts((name) => env[name])).toEqual([40000, 40001, 40002]);
  expect(proxyPorts(() => undefined)).toEqual([]);
});
