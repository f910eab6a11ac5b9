import { describe, expect, test } from "vitest";
import { isHolderAddress } from "../../src/core/holder_address.ts";
import { PortHolder, type PortHolderOptions } from "../../src/host/port_holder.ts";
import type { SelfSocket } from "../../src/core/port_keeper.ts";

/** A socket that opens and closes when it is told to. */
class FakeSocket implements SelfSocket {
  readonly hostname: string;
  readonly opened: Promise<void>;
  readonly closed: Promise<void>;
  resets = 0;
  open!: () => void;
  fail!: (error: Error) => void;
  close!: () => void;

  constructor(hostname: string) {
    this.hostname = hostname;
    this.opened = new Promise((resolve, reject) => {
      this.open = resolve;
      this.fail = reject;
    });
    this.closed = new Promise((resolve) => this.close = resolve);
  }

  reset(): void {
    this.resets++;
    this.close();
  }
}

interface Fake {
  readonly holder: PortHolder;
  readonly sockets: FakeSocket[];
  /** Tells the holder that the number of sockets has changed; undefined while it does not watch. */
  readonly change: () => (() => void) | undefined;
}

function fake(options: PortHolderOptions = {}): Fake {
  const sockets: FakeSocket[] = [];
  let onChange: (() => void) | undefined;
  const holder = new PortHolder({
    open(hostname) {
      const socket = new FakeSocket(hostname);
      sockets.push(socket);
      return socket;
    },
    watch(callback) {
      onChange = callback;
      return () => onChange = undefined;
    },
    ...options,
  });
  return { holder, sockets, change: () => onChange };
}

/** Releases the hold while this socket of it is being opened: the socket is reset once it is open. */
async function releaseBeforeOpen(hold: ReturnType<PortHolder["hold"]>, socket: FakeSocket): Promise<void> {
  let isReleased = false;
  const released = hold.release().then(() => isReleased = true);
  await turn();
  expect([socket.resets, isReleased]).toEqual([0, false]);
  socket.open();
  await released;
  expect(socket.resets).toBe(1);
}

function failure(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

/** Lets everything that can settle do so. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

describe("a port holder", () => {
  test("opens its socket before hold() returns, once for all users, and resets it after the last", async () => {
    const { holder, sockets } = fake();
    const first = holder.hold(40000);
    const second = holder.hold(40000);
    expect(sockets).toHaveLength(1);
    sockets[0]!.open();
    await Promise.all([first.settled, second.settled]);
    expect(first.state).toBe("held");
    await first.release();
    await first.release();
    expect(sockets[0]!.resets).toBe(0);
    await second.release();
    await turn();
    expect([sockets.length, sockets[0]!.resets], "no other takes its place").toEqual([1, 1]);
  });

  test("has an address of its own, and another for each other holder", async () => {
    const hostnames: string[] = [];
    for (let count = 0; count < 20; count++) {
      const { holder, sockets } = fake();
      const hold = holder.hold(40000);
      sockets[0]!.open();
      hostnames.push(sockets[0]!.hostname);
      await hold.settled;
      await hold.release();
    }
    expect(hostnames.filter((hostname) => !isHolderAddress(hostname) || /\.(0|255)$/.test(hostname))).toEqual([]);
    expect(new Set(hostnames).size).toBeGreaterThan(15);
  });

  test("does not drop a socket before it is open: it would be in the way of the next", async () => {
    const { holder, sockets } = fake();
    await releaseBeforeOpen(holder.hold(40000), sockets[0]!);
  });

  test("settles for the user that has released it before it failed", async () => {
    const { holder, sockets } = fake();
    const hold = holder.hold(40000);
    const released = hold.release();
    sockets[0]!.fail(failure("EMFILE"));
    await Promise.all([released, hold.settled]);
    expect(sockets).toHaveLength(1);
  });

  test("keeps a socket whose last user has gone before it was open, and that has a new user since", async () => {
    const { holder, sockets } = fake();
    const released = holder.hold(40000).release();
    const hold = holder.hold(40000);
    await released;
    sockets[0]!.open();
    await hold.settled;
    await turn();
    expect([sockets.length, sockets[0]!.resets]).toEqual([1, 0]);
    await hold.release();
  });

  for (const code of ["EADDRNOTAVAIL", "EINVAL"]) {
    test(`takes another address where a socket has its own (${code})`, async () => {
      const { holder, sockets } = fake();
      const hold = holder.hold(40000);
      sockets[0]!.fail(failure(code));
      await until(() => sockets.length === 2);
      expect(sockets[1]!.hostname).not.toBe(sockets[0]!.hostname);
      sockets[1]!.open();
      await hold.settled;
      holder.hold(40002);
      expect(sockets[2]!.hostname).toBe(sockets[1]!.hostname);
    });
  }

  test("says that there is no loopback when no address can be bound, and can be asked again", async () => {
    const { holder, sockets } = fake();
    const hold = holder.hold(40000);
    const failed = hold.settled.catch((error) => error);
    let isOver = false;
    failed.then(() => isOver = true);
    for (let tries = 0; !isOver; tries++) {
      sockets[tries]?.fail(failure("EADDRNOTAVAIL"));
      await turn();
    }
    expect(await failed).toMatchObject({
      message: "Cannot hold port 40000: no IPv4 loopback address can be bound",
      cause: { code: "EADDRNOTAVAIL" },
    });
    expect(sockets, "addresses tried").toHaveLength(8);
    holder.hold(40000);
    expect(sockets).toHaveLength(9);
    await hold.release();
  });

  test("passes any other failure on", async () => {
    const { holder, sockets } = fake();
    const { settled } = holder.hold(40000);
    sockets[0]!.fail(failure("EMFILE"));
    await expect(settled).rejects.toMatchObject({ message: /^Cannot hold port 40000: connect EMFILE$/ });
  });

  test("says so where it may dial no address", async () => {
    const { holder } = fake({ choose: () => undefined });
    await expect(holder.hold(40000).settled).rejects.toThrow("this process may not dial it");
  });

  test("holds at the only address it may dial, and waits where another holder has that", async () => {
    const { holder, sockets, change } = fake({ choose: (_port, hostnames) => hostnames[1] });
    const hold = holder.hold(40000);
    expect(sockets[0]!.hostname).toBe("127.0.0.1");
    sockets[0]!.fail(failure("EINVAL"));
    await hold.settled;
    expect(hold.state).toBe("listening");
    await until(() => change() !== undefined);
    sockets[1]!.open();
    await until(() => hold.state === "held");
    await hold.release();
  });

  test("settles beside a listener on every address, and holds as soon as that has gone", async () => {
    const { holder, sockets, change } = fake();
    const hold = holder.hold(40000);
    sockets[0]!.fail(failure("EADDRINUSE"));
    await hold.settled;
    expect(hold.state).toBe("listening");
    // It is tried once more when the watch begins, and then whenever something has changed.
    await until(() => sockets.length === 2);
    sockets[1]!.fail(failure("EADDRINUSE"));
    await turn();
    change()!();
    change()!();
    expect(sockets).toHaveLength(3);
    sockets[2]!.open();
    await until(() => hold.state === "held");
    expect(change()).toBeUndefined();
    await hold.release();
    expect(sockets[2]!.resets).toBe(1);
  });

  test("does not begin to watch for a hold that is released at once", async () => {
    const { holder, sockets, change } = fake();
    const hold = holder.hold(40000);
    sockets[0]!.fail(failure("EADDRINUSE"));
    await hold.settled;
    await hold.release();
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect([sockets.length, change()]).toEqual([1, undefined]);
  });

  test("opens another socket when its own is closed by others", async () => {
    const { holder, sockets } = fake();
    const hold = holder.hold(40000);
    sockets[0]!.open();
    await hold.settled;
    sockets[0]!.close();
    await until(() => sockets.length === 2);
    sockets[1]!.open();
    await turn();
    await hold.release();
    expect([sockets[0]!.resets, sockets[1]!.resets]).toEqual([0, 1]);
  });

  test("goes on trying where its socket was closed by others and no other can be opened yet", async () => {
    const { holder, sockets, change } = fake();
    const hold = holder.hold(40000);
    sockets[0]!.open();
    await hold.settled;
    sockets[0]!.close();
    await until(() => sockets.length === 2);
    sockets[1]!.fail(failure("EMFILE"));
    await until(() => change() !== undefined);
    expect(hold.state).toBe("listening");
    expect(sockets).toHaveLength(3);
    sockets[2]!.open();
    await until(() => hold.state === "held");
    expect(change()).toBeUndefined();
    // And once more: it watches again.
    sockets[2]!.close();
    await until(() => sockets.length === 4);
    sockets[3]!.fail(failure("EADDRINUSE"));
    await until(() => change() !== undefined);
    sockets[4]!.fail(failure("EADDRINUSE"));
    await turn();
    await hold.release();
    expect(change()).toBeUndefined();
  });

  test("does not drop a socket that it opens again before that is open", async () => {
    const { holder, sockets } = fake();
    const hold = holder.hold(40000);
    sockets[0]!.open();
    await hold.settled;
    sockets[0]!.close();
    await until(() => sockets.length === 2);
    await releaseBeforeOpen(hold, sockets[1]!);
  });

  test("leaves no unhandled rejection to a caller that only releases", async () => {
    const { holder, sockets } = fake();
    const hold = holder.hold(40000);
    sockets[0]!.fail(failure("EMFILE"));
    await turn();
    await hold.release();
  });

  test("resets its sockets when the process ends, and listens to that only while it holds", async () => {
    const before = process.listenerCount("exit");
    const { holder, sockets } = fake();
    const hold = holder.hold(40000);
    sockets[0]!.open();
    await hold.settled;
    expect(process.listenerCount("exit")).toBe(before + 1);
    const onExit = process.listeners("exit").at(-1) as () => void;
    onExit();
    expect(sockets[0]!.resets).toBe(1);
    await turn();
    expect(sockets, "no other takes its place").toHaveLength(1);
    await hold.release();
    expect(process.listenerCount("exit")).toBe(before);
  });
});
