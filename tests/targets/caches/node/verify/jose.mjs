import { createRemoteJWKSet, jwtVerify } from 'jose';

export default ({ jwksUri, issuer, audience, lifetime, cooldown, timeout }) => {
  const keys = createRemoteJWKSet(new URL(jwksUri), {
    cacheMaxAge: lifetime * 1000,
    cooldownDuration: cooldown * 1000,
    timeoutDuration: timeout * 1000,
  });
  return async (token) => (await jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'] })).payload;
};
