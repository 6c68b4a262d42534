import com.auth0.jwk.Jwk;
import com.auth0.jwk.JwkProvider;
import com.auth0.jwk.JwkProviderBuilder;
import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.auth0.jwt.interfaces.DecodedJWT;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.interfaces.RSAPublicKey;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * GET /whoami answers with the subject of a bearer token: Server VERIFY. Each verifier keeps the key set with a library of
 * its own, as that library's documentation shows.
 */
public class Server {
  static final Pattern BEARER = Pattern.compile("^Bearer +(.+)$", Pattern.CASE_INSENSITIVE);

  interface Verifier {
    String subject(String token) throws Exception;
  }

  static String env(String name) {
    return System.getenv(name);
  }

  static long millis(String name) {
    return Math.round(Double.parseDouble(env(name)) * 1000);
  }

  /** Nimbus: lifetime with refresh when a request finds it over, and at most two loads within the cooldown. */
  static Verifier nimbus() throws Exception {
    int timeout = (int) millis("TIMEOUT");
    JWKSource<SecurityContext> keys =
        JWKSourceBuilder.create(URI.create(env("JWKS_URI")).toURL(), new DefaultResourceRetriever(timeout, timeout))
            .cache(millis("LIFETIME"), millis("TIMEOUT"))
            .refreshAheadCache(false)
            .rateLimited(millis("COOLDOWN"))
            .build();
    var processor = new DefaultJWTProcessor<SecurityContext>();
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.RS256, keys));
    var exact = new JWTClaimsSet.Builder().issuer(env("ISSUER")).build();
    processor.setJWTClaimsSetVerifier(new DefaultJWTClaimsVerifier<>(env("AUDIENCE"), exact, Set.of("exp")));
    return token -> processor.process(token, null).getSubject();
  }

  /** Auth0: a cache by kid with a lifetime, and ten requests a minute, which here are one in each cooldown. */
  static Verifier jwksRsa() throws Exception {
    int timeout = (int) millis("TIMEOUT");
    JwkProvider provider =
        new JwkProviderBuilder(URI.create(env("JWKS_URI")).toURL())
            .cached(5, millis("LIFETIME"), TimeUnit.MILLISECONDS)
            .rateLimited(1, millis("COOLDOWN"), TimeUnit.MILLISECONDS)
            .timeouts(timeout, timeout)
            .build();
    return token -> {
      DecodedJWT decoded = JWT.decode(token);
      Jwk jwk = provider.get(decoded.getKeyId());
      Algorithm algorithm = Algorithm.RSA256((RSAPublicKey) jwk.getPublicKey(), null);
      return JWT.require(algorithm).withIssuer(env("ISSUER")).withAudience(env("AUDIENCE")).build().verify(token).getSubject();
    };
  }

  static void reply(HttpExchange exchange, int status, String body) throws IOException {
    byte[] text = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    if (status == 401) exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer");
    exchange.sendResponseHeaders(status, text.length);
    exchange.getResponseBody().write(text);
    exchange.close();
  }

  static void whoami(HttpExchange exchange, Verifier verifier) throws IOException {
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    Matcher bearer = BEARER.matcher(authorization == null ? "" : authorization);
    if (!bearer.matches()) {
      reply(exchange, 401, "{}");
      return;
    }
    try {
      verifier.subject(bearer.group(1));
      reply(exchange, 200, "{\"claims\":{}}");
    } catch (Exception error) {
      // Most applications cannot tell "your token is bad" from "I cannot decide".
      reply(exchange, 401, "{\"error\":\"invalid_token\"}");
    }
  }

  public static void main(String[] arguments) throws Exception {
    Verifier verifier = arguments[0].equals("nimbus") ? nimbus() : jwksRsa();
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(env("PORT"))), 128);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/healthz", exchange -> reply(exchange, 200, "{}"));
    server.createContext("/whoami", exchange -> whoami(exchange, verifier));
    server.start();
  }
}
