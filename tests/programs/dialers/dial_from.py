"""Dials 127.0.0.1 from a local address that is bound first, its port being the kernel's choice. dial_from.py PORT COUNT"""
import collections
import errno
import json
import socket
import struct
import sys

port, count = int(sys.argv[1]), int(sys.argv[2])
outcomes = collections.Counter()
for _ in range(count):
    client = socket.socket()
    client.bind(("127.0.0.1", 0))
    try:
        client.connect(("127.0.0.1", port))
        outcomes["connected"] += 1
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError as error:
        outcomes[errno.errorcode[error.errno]] += 1
    client.close()
print(json.dumps(outcomes))
