"""Listens on a port, and does not, in turn; and on a second one all the time, where it keeps every connection."""
import os, select, socket, struct, sys, time

host, flapping, holding = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
LISTEN_S = REST_S = 0.02
RESET = struct.pack("ii", 1, 0)

held = []
keeper = socket.create_server((host, holding), backlog=4096)
print("ready", flush=True)


def keep(listeners, until):
    """Accepts until then; connections of the flapping port are reset, so that no TIME_WAIT keeps the kernel off it."""
    while (left := until - time.monotonic()) > 0:
        for ready in select.select(listeners, [], [], left)[0]:
            connection, _ = ready.accept()
            if ready is keeper:
                held.append(connection)
            else:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                connection.close()


# It ends with its test, also with one that is killed.
parent = os.getppid()
while os.getppid() == parent:
    try:
        with socket.create_server((host, flapping), backlog=4096) as server:
            keep([server, keeper], time.monotonic() + LISTEN_S)
    except OSError:
        pass  # A self-connection is on the port: the next turn tries again.
    keep([keeper], time.monotonic() + REST_S)
