// The issuer's key as PEM.
import { material } from '../keys.mjs';

export default ({ createVerifier }, token, keys, { issuer, audience }) =>
  createVerifier({ key: material(keys[0]), allowedIss: issuer, allowedAud: audience })(token);
