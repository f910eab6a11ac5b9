"""Accepts connections one by one on a port of its own, which it prints; a byte is answered with how many there were."""
import socket

server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("0.0.0.0", 0))
server.listen(4096)
print(server.getsockname()[1], flush=True)
count = 0
while True:
    connection, _ = server.accept()
    if connection.recv(1):
        connection.sendall(f"{count}\n".encode())
    else:
        count += 1
    connection.close()
