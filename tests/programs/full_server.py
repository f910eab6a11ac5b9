"""A server whose queue is full until it is told to accept: it drops each SYN, which the client's kernel sends again after a second."""
import socket, sys

server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)
fillers = []
for _ in range(3):
    filler = socket.socket()
    filler.setblocking(False)
    filler.connect_ex(server.getsockname())
    fillers.append(filler)
print(server.getsockname()[1], flush=True)
sys.stdin.readline()
for filler in fillers:
    filler.close()
server.listen(4096)
held = []
while True:
    held.append(server.accept())
