// The issuer's key as PEM and the one algorithm that is allowed.
import { checkClaims, claimsOf, material } from '../keys.mjs';

export default ({ KJUR }, token, keys, expected) => {
  if (!KJUR.jws.JWS.verify(token, material(keys[0]), ['RS256'])) throw new Error('signature');
  return checkClaims(claimsOf(token), expected);
};
