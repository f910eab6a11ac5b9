"""A peer that does what it is told, and says what it got.

Each line of standard input is the script of one connection: { "greeting": bytes sent at once, "readAfter": ms before it
reads, "end": "fin" or "reset" or null, "endAfter": ms, "echo": whether it sends everything back }. The answer is a line
with the port to dial. Both times begin with a second line, { "id": number, "go": true }. When the connection is over a
line says how many bytes came, their SHA-256, and how it ended. Without an end of its own the peer ends when the other side has.
"""
import hashlib
import json
import socket
import struct
import sys
import threading
import time

output = threading.Lock()
DEADLINE = 20
# The bytes of a greeting tell where they stand in it.
PATTERN = bytes(index * 31 % 251 for index in range(1 << 20))


def say(answer):
    with output:
        print(json.dumps(answer), flush=True)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def end_of_its_own(connection, script):
    script["go"].wait(DEADLINE)
    time.sleep(script["endAfter"] / 1000)
    try:
        if script["end"] == "fin":
            connection.shutdown(socket.SHUT_WR)
        else:
            # Wakes the thread that reads, which closes.
            script["isReset"] = True
            connection.shutdown(socket.SHUT_RD)
    except OSError:
        pass


def serve(listener, script):
    received = 0
    digest = hashlib.sha256()
    ended = "timeout"
    try:
        connection, _ = listener.accept()
        listener.close()
        connection.settimeout(DEADLINE)
        connection.sendall(PATTERN[: script["greeting"]])
        if script["end"]:
            threading.Thread(target=end_of_its_own, args=(connection, script), daemon=True).start()
        script["go"].wait(DEADLINE)
        deadline = time.monotonic() + script["readAfter"] / 1000
        while time.monotonic() < deadline and not script.get("isReset"):
            time.sleep(0.005)
        while not script.get("isReset"):
            data = connection.recv(65536)
            if not data:
                ended = "fin"
                break
            received += len(data)
            digest.update(data)
            if script["echo"]:
                connection.sendall(data)
        if script.get("isReset"):
            ended = "own reset"
            reset(connection)
        else:
            connection.close()
    except (ConnectionResetError, BrokenPipeError):
        ended = "reset"
    except OSError as error:
        ended = str(error)
    say({"id": script["id"], "received": received, "digest": digest.hexdigest(), "ended": ended})


scripts = {}
for line in sys.stdin:
    script = json.loads(line)
    if script.get("go"):
        scripts[script["id"]]["go"].set()
        continue
    scripts[script["id"]] = script
    script["go"] = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(DEADLINE)
    threading.Thread(target=serve, args=(listener, script), daemon=True).start()
    say({"id": script["id"], "port": listener.getsockname()[1]})
