import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Map;
import java.util.TreeMap;

/** Dials 127.0.0.1 again and again; prints how the dials ended. Dial.java PORT COUNT */
class Dial {
  public static void main(String[] args) throws Exception {
    InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    Map<String, Integer> outcomes = new TreeMap<>();
    for (int number = Integer.parseInt(args[1]); number > 0; number--) {
      String outcome;
      try (Socket client = new Socket(loopback, Integer.parseInt(args[0]))) {
        client.setSoLinger(true, 0);
        outcome = "connected";
      } catch (ConnectException error) {
        outcome = error.getMessage().contains("refused") ? "ECONNREFUSED" : error.getMessage();
      }
      outcomes.merge(outcome, 1, Integer::sum);
    }
    StringBuilder json = new StringBuilder();
    outcomes.forEach((outcome, count) -> json.append(json.length() > 0 ? ", " : "").append("\"" + outcome + "\": " + count));
    System.out.println("{" + json + "}");
  }
}
