/* Dials 127.0.0.1 again and again; prints how the dials ended. dial PORT COUNT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  struct linger reset = {1, 0};
  int count = argc > 2 ? atoi(argv[2]) : 0, connected = 0, refused = 0, other = 0;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int number = 0; number < count; number++) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(client, (struct sockaddr *)&address, sizeof address) == 0) connected++;
    else if (errno == ECONNREFUSED) refused++;
    else other++;
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(client);
  }
  if (connected + other == 0) printf("{\"ECONNREFUSED\": %d}\n", refused);
  else printf("{\"connected\": %d, \"ECONNREFUSED\": %d, \"other\": %d}\n", connected, refused, other);
  return 0;
}
