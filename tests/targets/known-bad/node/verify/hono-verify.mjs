// hono/utils/jwt, with the expected audience in its options.
import { find } from '../keys.mjs';

export default async (hono, token, keys, { issuer, audience }, release) => {
  const { verify } = await import(`${release}/utils/jwt/jwt`);
  return verify(token, find(keys, token), { alg: 'RS256', iss: issuer, aud: audience });
};
