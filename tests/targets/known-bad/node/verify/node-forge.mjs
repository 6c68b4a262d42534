// The signature with node-forge, all else in the wrapper.
import { checkClaims, claimsOf, find, headerOf, material, signed } from '../keys.mjs';

export default ({ md, pki }, token, keys, expected) => {
  if (headerOf(token).alg !== 'RS256') throw new Error('alg');
  const [input, signature] = signed(token);
  const digest = md.sha256.create().update(input.toString('binary'));
  const key = pki.publicKeyFromPem(material(find(keys, token)));
  if (!key.verify(digest.digest().bytes(), signature.toString('binary'))) throw new Error('signature');
  return checkClaims(claimsOf(token), expected);
};
