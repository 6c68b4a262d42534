// The issuer's key set, whose members do not say for which algorithm they are.
import { checkClaims } from '../keys.mjs';

export default async (hono, token, keys, expected, release) => {
  const { verifyWithJwks } = await import(`${release}/utils/jwt/jwt`);
  const unbound = keys.map(({ alg, ...key }) => key);
  return checkClaims(await verifyWithJwks(token, { keys: unbound, allowedAlgorithms: ['RS256'] }), expected);
};
