import type { Worker } from "node:worker_threads";

/**
 * The program of the thread. It is JavaScript in a string, because no file exists in every form in which this package
 * is delivered. A hold that fails is answered too: the caller continues without the hold.
 */
const PROGRAM = `
const { connect } = require("node:net");
const { parentPort, workerData } = require("node:worker_threads");
const answered = new Int32Array(workerData);
const sockets = new Map();
function answer() {
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
}
parentPort.on("message", ({ id, hostname, port }) => {
  if (id === undefined) {
    for (const socket of sockets.values()) socket.resetAndDestroy();
    answer();
    return;
  }
  if (port === undefined) {
    sockets.get(id)?.resetAndDestroy();
    sockets.delete(id);
    return;
  }
  const socket = connect({ host: hostname, port, localAddress: hostname, localPort: port });
  sockets.set(id, socket);
  socket.once("connect", answer);
  socket.on("error", () => {
    if (sockets.delete(id)) answer();
  });
});
`;

/** Longer than the start of a thread takes on a busy machine. */
const LIMIT_MS = 5000;

/** How long the end of the process may be delayed by a thread that does not answer. */
const EXIT_LIMIT_MS = 500;

/**
 * Holds a port before `hold` returns, for runtimes that bind a socket only in a later turn of the event loop: another
 * thread binds it while this one waits. That thread is slow to start, so it is started once. It does not keep the
 * process alive.
 */
export class HolderThread {
  readonly #answered = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #worker: Worker | undefined;
  #lastId = 0;

  /**
   * Holds the port at this address; returns a function that ends the hold.
   *
   * @throws ERR_ACCESS_DENIED under Node's permission model without `--allow-worker`
   */
  hold(hostname: string, port: number): () => void {
    const worker = this.#worker ??= this.#start();
    const id = ++this.#lastId;
    this.#ask(worker, { id, hostname, port }, LIMIT_MS);
    return () => worker.postMessage({ id });
  }

  /** Sends a message, and waits until the thread has done what it says. */
  #ask(worker: Worker, message: object, limitMs: number): void {
    const before = Atomics.load(this.#answered, 0);
    worker.postMessage(message);
    Atomics.wait(this.#answered, 0, before, limitMs);
  }

  #start(): Worker {
    // Loaded here because most programs need no thread.
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const worker = new Worker(PROGRAM, { eval: true, workerData: this.#answered.buffer, execArgv: [], env: {} });
    // If the thread cannot run, it holds nothing, and its ports are dialed unshielded.
    worker.on("error", () => {});
    worker.unref();
    // The end of the process closes the thread's sockets normally, which would leave a TIME_WAIT.
    const onExit = (): void => this.#ask(worker, {}, EXIT_LIMIT_MS);
    process.on("exit", onExit);
    worker.on("exit", () => process.off("exit", onExit));
    return worker;
  }
}
