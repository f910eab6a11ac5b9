"""Dials 127.0.0.1 (and ::1 every other time) again and again; prints how the dials ended. dial.py PORT COUNT"""
import collections
import errno
import json
import socket
import struct
import sys

port, count = int(sys.argv[1]), int(sys.argv[2])
outcomes = collections.Counter()
for number in range(count):
    version, host = (socket.AF_INET6, "::1") if number % 2 else (socket.AF_INET, "127.0.0.1")
    client = socket.socket(version)
    try:
        client.connect((host, port))
        outcomes["connected"] += 1
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError as error:
        outcomes[errno.errorcode[error.errno]] += 1
    client.close()
print(json.dumps(outcomes))
