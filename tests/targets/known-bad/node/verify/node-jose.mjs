// The issuer's key set as key store.
import { checkClaims } from '../keys.mjs';

export default async (jose, token, keys, expected) => {
  const store = await jose.JWK.asKeyStore({ keys });
  const { payload } = await jose.JWS.createVerify(store).verify(token);
  return checkClaims(JSON.parse(payload), expected);
};
