"""Binds a port the way a server without SO_REUSEADDR does, and tells in one word whether it could."""

import socket
import sys

hostname, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in hostname else socket.AF_INET
with socket.socket(family, socket.SOCK_STREAM) as server:
    try:
        server.bind((hostname, port))
        server.listen()
        print("bound")
    except OSError as error:
        print(error.strerror)
