/**
 * The other end of the throughput measurements, in a process of its own. It prints its port; the first byte of a
 * connection says what it does: "s" takes bytes and tells how many there were, "g" gives as many as the next 8 bytes say,
 * "e" sends everything back.
 */
import * as net from "node:net";

const CHUNK = new Uint8Array(65536);

function give(socket: net.Socket, total: number): void {
  let given = 0;
  const fill = (): void => {
    while (given < total) {
      const length = Math.min(CHUNK.length, total - given);
      given += length;
      if (!socket.write(CHUNK.subarray(0, length))) return void socket.once("drain", fill);
    }
    socket.end();
  };
  fill();
}

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.once("data", (first: Buffer) => {
    const what = String.fromCharCode(first[0]!);
    if (what === "g") return give(socket, Number(first.readBigUInt64LE(1)));
    let taken = 0;
    const take = (chunk: Buffer): void => {
      taken += chunk.length;
      if (what === "e") socket.write(chunk);
    };
    // What follows the first byte may come together with it.
    take(first.subarray(1));
    socket.on("data", take).on("end", () => socket.end(what === "e" ? "" : String(taken)));
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as net.AddressInfo).port));
