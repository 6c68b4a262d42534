import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.URL;
import java.security.KeyFactory;
import java.security.spec.RSAPublicKeySpec;
import java.time.ZonedDateTime;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.primeframework.jwt.Verifier;
import org.primeframework.jwt.domain.JWT;
import org.primeframework.jwt.rsa.RSAVerifier;

/** GET /whoami answers with the claims of a bearer token, by prime-jwt. The key set is read anew for every token. */
public class Server {
  static final Pattern BEARER = Pattern.compile("^Bearer +(.+)$", Pattern.CASE_INSENSITIVE);
  static final ObjectMapper JSON = new ObjectMapper();

  /** One verifier for each key of the set, by kid. */
  static Map<String, Verifier> verifiers() throws Exception {
    Map<String, Verifier> found = new HashMap<>();
    for (JsonNode key : JSON.readTree(new URL(System.getenv("JWKS_URI"))).get("keys")) {
      found.put(key.get("kid").asText(), RSAVerifier.newVerifier(pem(key)));
    }
    return found;
  }

  static String pem(JsonNode key) throws Exception {
    var spec = new RSAPublicKeySpec(number(key, "n"), number(key, "e"));
    byte[] der = KeyFactory.getInstance("RSA").generatePublic(spec).getEncoded();
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN PUBLIC KEY-----\n" + text + "\n-----END PUBLIC KEY-----\n";
  }

  static BigInteger number(JsonNode key, String member) {
    return new BigInteger(1, Base64.getUrlDecoder().decode(key.get(member).asText()));
  }

  static Map<String, Object> verify(String token) throws Exception {
    JWT jwt = JWT.getDecoder().decode(token, verifiers());
    List<?> audience = jwt.audience instanceof List<?> list ? list : List.of(jwt.audience);
    if (!System.getenv("ISSUER").equals(jwt.issuer) || !audience.contains(System.getenv("AUDIENCE"))) {
      throw new IllegalArgumentException("iss or aud");
    }
    if (jwt.expiration.isBefore(ZonedDateTime.now())) throw new IllegalArgumentException("exp");
    return Map.of("iss", jwt.issuer, "sub", jwt.subject, "aud", jwt.audience);
  }

  static void reply(HttpExchange exchange, int status, Object body) throws IOException {
    byte[] text = JSON.writeValueAsBytes(body);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    if (status == 401) exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer");
    exchange.sendResponseHeaders(status, text.length);
    exchange.getResponseBody().write(text);
    exchange.close();
  }

  static void whoami(HttpExchange exchange) throws IOException {
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    Matcher bearer = BEARER.matcher(authorization == null ? "" : authorization);
    if (!bearer.matches()) {
      reply(exchange, 401, Map.of());
      return;
    }
    try {
      reply(exchange, 200, Map.of("claims", verify(bearer.group(1))));
    } catch (Exception error) {
      reply(exchange, 401, Map.of("error", "invalid_token", "error_description", error.toString()));
    }
  }

  public static void main(String[] arguments) throws IOException {
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 0);
    server.createContext("/healthz", exchange -> reply(exchange, 200, Map.of()));
    server.createContext("/whoami", Server::whoami);
    server.start();
  }
}
