"""Opens COUNT TCP sockets, one of them connected to itself, says "ready" and holds them until its input ends."""

import os
import socket
import sys

IP_BIND_ADDRESS_NO_PORT = 24
# Both ends of a connection are held by one process, and a process may usually open 20,000 files.
PAIRS_PER_PROCESS = 8000


def hold(group, pairs, ready):
    """Opens the pairs, writes to ready, and holds them until standard input ends."""
    listener = socket.create_server((f"127.0.1.{group + 1}", 9000))
    held = []
    for _ in range(pairs):
        client = socket.socket()
        client.setsockopt(socket.SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        client.bind((f"127.0.2.{group + 1}", 0))
        client.connect(listener.getsockname())
        held += [client, listener.accept()[0]]
    os.write(ready, b".")
    sys.stdin.read()
    os._exit(0)


itself = socket.socket()
pairs = int(sys.argv[1]) // 2
groups = [min(PAIRS_PER_PROCESS, pairs - start) for start in range(0, pairs, PAIRS_PER_PROCESS)]
reader, writer = os.pipe()
for group, size in enumerate(groups):
    if os.fork() == 0:
        itself.close()
        hold(group, size, writer)
    os.read(reader, 1)
itself.bind(("127.0.0.1", 9001))
itself.connect(("127.0.0.1", 9001))
print("ready", flush=True)
sys.stdin.read()
for _ in groups:
    os.wait()
