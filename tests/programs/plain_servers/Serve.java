import java.net.ServerSocket;
import java.net.Socket;

/** Answers on every address. Serve.java PORT */
class Serve {
  public static void main(String[] args) throws Exception {
    try (ServerSocket server = new ServerSocket(Integer.parseInt(args[0]))) {
      while (true) {
        try (Socket client = server.accept()) {
          client.getInputStream().read(new byte[65536]);
          client.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\nreal".getBytes());
        }
      }
    }
  }
}
