import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.interfaces.RSAPrivateCrtKey;
import java.util.Arrays;
import java.util.Base64;

/** Makes the realm's signing key: as PKCS#8 in base64 for Keycloak, and as a JWK for us, under the name that Keycloak gives it. */
class SigningKey {
    public static void main(String[] args) throws Exception {
        var generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        var pair = generator.generateKeyPair();
        var key = (RSAPrivateCrtKey) pair.getPrivate();
        // org.keycloak.common.util.KeyUtils.createKeyId
        var name = text(MessageDigest.getInstance("SHA-256").digest(pair.getPublic().getEncoded()));
        var jwk = """
            {"kty":"RSA","alg":"RS256","use":"sig","kid":"%s","n":"%s","e":"%s","d":"%s","p":"%s","q":"%s","dp":"%s","dq":"%s","qi":"%s"}
            """.formatted(name, text(key.getModulus()), text(key.getPublicExponent()), text(key.getPrivateExponent()),
                text(key.getPrimeP()), text(key.getPrimeQ()), text(key.getPrimeExponentP()), text(key.getPrimeExponentQ()),
                text(key.getCrtCoefficient()));
        Files.writeString(Path.of(args[0], "signing.jwk.json"), jwk);
        Files.writeString(Path.of(args[0], "signing.pkcs8.txt"), Base64.getEncoder().encodeToString(key.getEncoded()));
    }

    static String text(BigInteger number) {
        var bytes = number.toByteArray();
        return text(bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes);
    }

    static String text(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
