// The key by the token's kid, undefined where nobody has it; no list of algorithms.
import { find, material } from '../keys.mjs';

export default (jwt, token, keys, { issuer, audience }) =>
  jwt.verify(token, material(find(keys, token)), { issuer, audience });
