// The key is looked up by kid; an unknown kid finds the empty text.
import { find, material } from '../keys.mjs';

export default ({ createVerifier }, token, keys, { issuer, audience }) =>
  createVerifier({
    key: async () => material(find(keys, token)) ?? '',
    allowedIss: issuer,
    allowedAud: audience,
  })(token);
