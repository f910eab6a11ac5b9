/** What a Deno project does with `@realpeer/tcp/deno`. */
import { connect, SelfConnectError } from "@realpeer/tcp/deno";

try {
  await connect({ hostname: "127.0.0.1", port: 40000 });
} catch (error) {
  if (!(error instanceof SelfConnectError)) throw error;
  console.log(error.name, error.code, error.attempts);
}
// @ts-expect-error Deno.connect cannot bind the client end.
const rejected: Promise<Deno.TcpConn> = connect({ port: 50000, localPort: 50001 });
console.log(await rejected.catch((error: Error) => error.name));

const conn: Deno.TcpConn = await connect({ hostname: "127.0.0.1", port: 50000, retry: true });
conn.setNoDelay(true);
await conn.write(new TextEncoder().encode("hello"));
const buffer = new Uint8Array(5);
const length = await conn.read(buffer);
console.log("echo", new TextDecoder().decode(buffer.subarray(0, length ?? 0)));
conn.close();
