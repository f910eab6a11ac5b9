"""Opens connections to itself within this namespace, says "ready", and holds them, or opens and closes ever more.

It ends with its parent: a test that is killed for taking too long must not leave it running.
"""

import os
import socket
import sys
import time

count, mode = int(sys.argv[1]), sys.argv[2]
held = []
parent = os.getppid()


def pair(server):
    client = socket.create_connection(server.getsockname())
    held.append((client, server.accept()[0]))


# An address of its own for each process: the pairs of addresses and ports must differ.
server = socket.create_server((f"127.1.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}", 0), backlog=128)
for _ in range(count):
    pair(server)
print("ready", flush=True)
while mode == "churn" and os.getppid() == parent:
    for end in held.pop(0):
        end.close()
    pair(server)
while os.getppid() == parent:
    time.sleep(0.5)
