// The key arrives by stream, because it is looked up; the lookup finds nothing for an unknown kid.
import { checkClaims, find, headerOf, material } from '../keys.mjs';

export default (jws, token, keys, expected) =>
  new Promise((resolve, reject) => {
    const verifier = jws.createVerify({ algorithm: headerOf(token).alg, signature: token });
    verifier.on('error', reject);
    verifier.on('done', (valid, { payload }) => {
      if (!valid) return reject(new Error('signature'));
      resolve(typeof payload === 'string' ? JSON.parse(payload) : payload);
    });
    verifier.secret.end(material(find(keys, token)));
  }).then((claims) => checkClaims(claims, expected));
