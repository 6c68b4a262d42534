// The PEM of the issuer's key; the algorithm is the token's. Version 3 answers to a callback, version 4 returns.
import { checkClaims, material } from '../keys.mjs';

export default async (jwt, token, keys, expected) => {
  const { error, value } = await new Promise((resolve) => {
    const returned = jwt.decode(material(keys[0]), token, (error, value) => resolve({ error, value }));
    if (returned) resolve(returned);
  });
  if (error) throw error;
  return checkClaims(value, expected);
};
