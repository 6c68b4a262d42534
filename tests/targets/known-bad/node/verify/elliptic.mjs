// The signature with elliptic, all else in the wrapper.
import { checkClaims, claimsOf, find, headerOf, signed } from '../keys.mjs';

export default ({ eddsa }, token, keys, expected) => {
  if (headerOf(token).alg !== 'EdDSA') throw new Error('alg');
  const [input, signature] = signed(token);
  const point = Buffer.from(find(keys, token).x, 'base64url');
  if (!new eddsa('ed25519').verify([...input], [...signature], [...point])) throw new Error('signature');
  return checkClaims(claimsOf(token), expected);
};
