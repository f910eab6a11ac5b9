/**
 * Calls that register cannot guard, to a dead port; prints whether the call was refused.
 *
 *   native_unreached.ts PORT CASE
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";

const [portText, name] = process.argv.slice(2) as [string, string];
const url = `http://127.0.0.1:${portText}/`;

const cases: Record<string, () => Promise<unknown>> = {
  async "a redirect"() {
    const server = createServer((_request, response) => response.writeHead(302, { location: url }).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  },
  "Bun.fetch": () => Bun.fetch(url),
  "Bun.S3Client": () =>
    new Bun.S3Client({ endpoint: url, accessKeyId: "a", secretAccessKey: "b", bucket: "c" }).file("d").text(),
  "the package undici": async () => await (await import("undici")).request(url),
};

const outcome = await cases[name]!().then(() => "answered", (error) => {
  const text = `${error.code} ${error.message} ${error.cause?.message}`;
  return /ECONNREFUSED|Connection ?refused/i.test(text) ? "refused" : "connected to itself";
});
console.log(JSON.stringify(outcome));
process.exit(0);
