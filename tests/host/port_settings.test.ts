import { expect, test } from "vitest";
import { parseDynamicPorts, parseExcludedPorts, parseRange } from "../../src/host/port_settings.ts";

test("the range as Linux and macOS write it", () => {
  expect(parseRange("32768\t60999\n")).toEqual({ low: 32768, high: 60999 });
  expect(parseRange("49152\n65535\n")).toEqual({ low: 49152, high: 65535 });
  expect(() => parseRange("nonsense")).toThrow('Cannot read the ephemeral range: got "nonsense"');
});

test("the range as netsh writes it, in any language", () => {
  const english = "\r\nProtocol tcp Dynamic Port Range\r\n---------------------------------\r\n" +
    "Start Port      : 49152\r\nNumber of Ports : 16384\r\n\r\n";
  const german =
    "\r\nProtokoll tcp Dynamischer Portbereich\r\n---------\r\nStartport      : 1025\r\nAnzahl Ports: 64510\r\n";
  expect(parseDynamicPorts(english)).toEqual({ low: 49152, high: 65535 });
  expect(parseDynamicPorts(german)).toEqual({ low: 1025, high: 65534 });
});

test("the excluded ports as netsh writes them", () => {
  const text = "\r\nProtocol tcp Port Exclusion Ranges\r\n\r\nStart Port    End Port\r\n----------    --------\r\n" +
    "      5357        5357\r\n     50000       50059     *\r\n\r\n* - Administered port exclusions.\r\n\r\n";
  expect(parseExcludedPorts(text)).toEqual([{ low: 5357, high: 5357 }, { low: 50000, high: 50059 }]);
});
