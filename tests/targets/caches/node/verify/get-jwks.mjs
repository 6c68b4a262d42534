import { createVerifier } from 'fast-jwt';
import buildGetJwks from 'get-jwks';

export default ({ jwksUri, issuer, audience, lifetime, timeout }) => {
  const { origin, pathname } = new URL(jwksUri);
  const store = buildGetJwks({ ttl: lifetime * 1000, timeout: timeout * 1000, jwksPath: pathname });
  const key = ({ header: { kid, alg } }) => store.getPublicKey({ kid, alg, domain: origin });
  const verify = createVerifier({ key, algorithms: ['RS256'], allowedIss: issuer, allowedAud: audience });
  return verify;
};
