/** A program that has never heard of this package. */
import { connect } from "node:net";

const socket = connect(40000, "127.0.0.1");
socket.on("connect", () => {
  console.log("connect");
  socket.resetAndDestroy();
});
socket.on("error", (error) => console.log("error", error.name, error.code));
socket.on("close", () => console.log("close"));
