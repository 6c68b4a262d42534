import { JwtVerifier } from 'aws-jwt-verify';
import { SimpleFetcher } from 'aws-jwt-verify/https';
import { SimpleJwksCache, SimplePenaltyBox } from 'aws-jwt-verify/jwk';

// It has no lifetime: a key set stays until a token names a key that is not in it.
export default ({ jwksUri, issuer, audience, cooldown, timeout }) => {
  const jwksCache = new SimpleJwksCache({
    fetcher: new SimpleFetcher({ defaultRequestOptions: { responseTimeout: timeout * 1000 } }),
    penaltyBox: new SimplePenaltyBox({ waitSeconds: cooldown }),
  });
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri }, { jwksCache });
  return (token) => verifier.verify(token);
};
