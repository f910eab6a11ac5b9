/** What is bundled of a program: the root, /node and /testing, whose classes must be the same ones. */
import { connect, SelfConnectError } from "@realpeer/tcp";
import { connect as nodeConnect } from "@realpeer/tcp/node";
import { deadPort, selfConnectedPair } from "@realpeer/tcp/testing";

async function main(): Promise<void> {
  const dead = await deadPort();
  for (const dial of [connect, nodeConnect]) {
    console.log(await dial(dead).then(() => "connected", ({ code }: { code: string }) => code));
  }
  await dead.release();
  const pair = await selfConnectedPair();
  const { port } = pair.local;
  await pair.release();
  for (const dial of [connect, nodeConnect]) {
    const error: unknown = await dial({ hostname: "127.0.0.1", port, localPort: port }).catch((error) => error);
    console.log(error instanceof SelfConnectError);
  }
}

main();
