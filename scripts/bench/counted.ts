import { connect } from "node:net";

/** How many connections listener.py on that port has counted; this one is none of them. */
export async function counted(port: number): Promise<number> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.write("?");
  const chunk = await new Promise<Uint8Array>((resolve, reject) => socket.once("data", resolve).once("error", reject));
  const isClosed = new Promise((resolve) => socket.once("close", resolve));
  socket.destroy();
  await isClosed;
  return Number(new TextDecoder().decode(chunk));
}
