import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWEAlgorithm;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.SecretJWK;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEProcessor;
import com.nimbusds.jose.proc.JWEKeySelector;
import com.nimbusds.jose.proc.JWSKeySelector;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.Key;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** nimbus-jose-jwt behind the adapter protocol: one question a line on standard input, one reply a line on standard output. */
public final class Adapter {
  private static final List<String> ALGORITHMS =
      List.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512");

  private String issuer;
  private String audience;
  private int leeway;
  private JWSKeySelector<SecurityContext> signatures;
  private JWEKeySelector<SecurityContext> encryption;

  /** A set that the library refuses as a whole, or falls over, gives the same answer to each token. */
  private Exception refused;

  public static void main(String[] args) throws Exception {
    var questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var replies = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    var adapter = new Adapter();
    for (String line = questions.readLine(); line != null; line = questions.readLine()) {
      Map<String, Object> ask = JSONObjectUtils.parse(line);
      if (ask.get("do").equals("bye")) {
        return;
      }
      Map<String, Object> reply = new LinkedHashMap<>();
      reply.put("seq", ask.get("seq"));
      reply.putAll(adapter.answer(ask));
      replies.println(JSONObjectUtils.toJSONString(reply));
      replies.flush();
    }
  }

  private Map<String, Object> answer(Map<String, Object> ask) throws ParseException {
    return switch ((String) ask.get("do")) {
      case "hello" -> {
        var provides = ALGORITHMS.stream().map(alg -> "alg:" + alg);
        yield Map.of("ok", Map.of(
            "name", "nimbus-jose-jwt",
            "version", "10.10",
            "language", "java",
            "provides", Stream.concat(provides, Stream.of("control:clock", "claims:returned")).toList()));
      }
      case "configure" -> configure(ask);
      case "validate" -> judged(() -> validate(ask));
      case "verify-jws" -> judged(() -> payload(ask));
      case "decrypt" ->
          encryption == null ? Map.of("skipped", "configured without decryption keys") : judged(() -> payload(ask));
      default -> Map.of("skipped", "no call for " + ask.get("do"));
    };
  }

  private Map<String, Object> configure(Map<String, Object> ask) throws ParseException {
    issuer = (String) ask.get("issuer");
    audience = (String) ask.get("audience");
    leeway = ((Number) ask.get("leeway")).intValue();
    Set<JWSAlgorithm> allowed = texts(ask.get("algorithms")).map(JWSAlgorithm::parse).collect(Collectors.toSet());
    try {
      var set = JWKSet.parse(JSONObjectUtils.getJSONObject(ask, "keys"));
      signatures = new JWSVerificationKeySelector<>(allowed, new ImmutableJWKSet<>(set));
      refused = null;
    } catch (ParseException | RuntimeException error) {
      refused = error;
    }
    Map<String, Object> decryption = JSONObjectUtils.getJSONObject(ask, "decryption");
    encryption = decryption == null ? null : selector(decryption);
    return Map.of("ok", Map.of());
  }

  /** The library's own JWEDecryptionKeySelector knows one algorithm; here each key is for its own. */
  private static JWEKeySelector<SecurityContext> selector(Map<String, Object> decryption) throws ParseException {
    var algorithms = texts(decryption.get("algorithms")).map(JWEAlgorithm::parse).toList();
    var contents = texts(decryption.get("content-encryption")).map(EncryptionMethod::parse).toList();
    var keys = JWKSet.parse(JSONObjectUtils.getJSONObject(decryption, "keys")).getKeys();
    return (header, context) -> {
      List<Key> fitting = new ArrayList<>();
      if (algorithms.contains(header.getAlgorithm()) && contents.contains(header.getEncryptionMethod())) {
        for (JWK key : keys) {
          if (header.getAlgorithm().equals(key.getAlgorithm())) {
            fitting.add(secret(key));
          }
        }
      }
      return fitting;
    };
  }

  private static Key secret(JWK key) {
    try {
      return key instanceof AsymmetricJWK pair ? pair.toPrivateKey() : ((SecretJWK) key).toSecretKey();
    } catch (JOSEException error) {
      throw new IllegalStateException(error);
    }
  }

  private Map<String, Object> validate(Map<String, Object> ask) throws Exception {
    var now = new Date(((Number) ask.get("now")).longValue() * 1000);
    var claims = new DefaultJWTClaimsVerifier<SecurityContext>(
        audience, new JWTClaimsSet.Builder().issuer(issuer).build(), Set.of()) {
      @Override
      protected Date currentTime() {
        return now;
      }
    };
    claims.setMaxClockSkew(leeway);
    var processor = new DefaultJWTProcessor<>();
    processor.setJWSKeySelector(signatures);
    processor.setJWEKeySelector(encryption);
    processor.setJWTClaimsSetVerifier(claims);
    return Map.of("verdict", "accept", "claims", processor.process(token(ask), null).toJSONObject());
  }

  private Map<String, Object> payload(Map<String, Object> ask) throws Exception {
    var processor = new DefaultJOSEProcessor<>();
    if (ask.get("do").equals("decrypt")) {
      processor.setJWEKeySelector(encryption);
      processor.setJWETypeVerifier((type, context) -> {});
    } else {
      processor.setJWSKeySelector(signatures);
      // Any type will do: without this the library wants JOSE or none.
      processor.setJWSTypeVerifier((type, context) -> {});
    }
    Payload payload = processor.process(token(ask), null);
    return Map.of("verdict", "accept", "payload-base64", Base64.getEncoder().encodeToString(payload.toBytes()));
  }

  private interface Call {
    Map<String, Object> get() throws Exception;
  }

  private Map<String, Object> judged(Call call) {
    try {
      if (refused != null) {
        throw refused;
      }
      return call.get();
    } catch (BadJOSEException | JOSEException | ParseException error) {
      // The three that the library's processors declare.
      return Map.of("verdict", "reject", "reason", error.getClass().getSimpleName() + ": " + error.getMessage());
    } catch (Exception | StackOverflowError error) {
      return Map.of("error", Map.of("message", error.toString(), "trace", String.valueOf(error.getStackTrace()[0])));
    }
  }

  private static String token(Map<String, Object> ask) {
    var text = (String) ask.get("token");
    return text != null
        ? text
        : new String(Base64.getDecoder().decode((String) ask.get("token-base64")), StandardCharsets.UTF_8);
  }

  private static Stream<String> texts(Object list) {
    return ((List<?>) list).stream().map(String.class::cast);
  }
}
