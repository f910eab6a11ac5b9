"""The baseline in Python: microseconds per connect and close, or per refusal. connects.py HOST PORT COUNT ROUNDS"""
import json
import socket
import sys
import time

host, port, count, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
result = []
for _ in range(rounds):
    started = time.perf_counter()
    for _ in range(count):
        client = socket.socket()
        try:
            client.connect((host, port))
        except ConnectionRefusedError:
            pass
        client.close()
    result.append((time.perf_counter() - started) / count * 1e6)
print(json.dumps(result))
