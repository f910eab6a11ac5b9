"""Answers on 127.0.0.1 without SO_REUSEADDR, or on every address. serve.py PORT HOST"""
import socket
import sys

server = socket.socket()
server.bind((sys.argv[2], int(sys.argv[1])))
server.listen()
while True:
    client, _ = server.accept()
    client.recv(65536)
    client.sendall(b"HTTP/1.0 200 OK\r\n\r\nreal")
    client.close()
