/** What a project does with the portable API. The same file, and the same lines from it, on every runtime. */
import {
  connect,
  type Connection,
  ConnectTimeoutError,
  formatEndpoint,
  isSelfConnection,
  parseEndpoint,
  SelfConnectError,
  waitForPort,
} from "@realpeer/tcp";

const dead = parseEndpoint("127.0.0.1:40000");
const echo = parseEndpoint("tcp://127.0.0.1:50000");

async function dialNobody(): Promise<void> {
  try {
    await connect(dead);
    console.log("connected to nobody");
  } catch (error) {
    if (!(error instanceof SelfConnectError)) throw error;
    const { name, code, remote, attempts } = error;
    console.log(name, code, formatEndpoint(remote), attempts);
  }
}

async function waitForNobody(): Promise<void> {
  try {
    await waitForPort({ ...dead, timeout: 200 });
    console.log("somebody is there");
  } catch (error) {
    if (!(error instanceof ConnectTimeoutError)) throw error;
    console.log(error.name, error.code, error.cause instanceof SelfConnectError);
  }
}

async function talk(connection: Connection, text: string): Promise<string> {
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  let answer = "";
  const decoder = new TextDecoder();
  const reader = connection.readable.getReader();
  for (let result = await reader.read(); !result.done; result = await reader.read()) {
    answer += decoder.decode(result.value, { stream: true });
  }
  return answer;
}

async function main(): Promise<void> {
  await dialNobody();
  await waitForNobody();
  const { remote, attempts, selfConnects } = await waitForPort(echo);
  console.log("ready", formatEndpoint(remote), attempts, selfConnects);
  const connection = await connect({ ...echo, retry: true, timeout: 10_000 });
  console.log("self", isSelfConnection(connection));
  console.log("echo", await talk(connection, "hello"));
  await connection.closed;
  console.log("closed");
}

// CommonJS has no await at the top level.
main();
