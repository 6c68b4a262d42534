// jose behind the adapter protocol: one question a line on standard input, one reply a line on standard output.
import { createInterface } from 'node:readline';
import { readFile } from 'node:fs/promises';
import { compactDecrypt, compactVerify, createLocalJWKSet, errors, importJWK, jwtVerify } from 'jose';

const { version } = JSON.parse(await readFile(new URL('./node_modules/jose/package.json', import.meta.url), 'utf8'));
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const utf8 = new TextDecoder();
let trust;

function configure(ask) {
  trust = {
    options: { issuer: ask.issuer, audience: ask.audience, algorithms: ask.algorithms, clockTolerance: ask.leeway },
    algorithms: ask.algorithms,
    decryption: ask.decryption,
  };
  // A set that jose refuses as a whole is refused again with each token.
  try {
    trust.keys = createLocalJWKSet(ask.keys);
  } catch (err) {
    trust.keys = () => { throw err; };
  }
  return { ok: {} };
}

async function decrypt(token) {
  const { algorithms, 'content-encryption': contents, keys } = trust.decryption;
  const { plaintext } = await compactDecrypt(
    token,
    (header) => importJWK(keys.keys.find((key) => key.alg === header.alg), header.alg),
    { keyManagementAlgorithms: algorithms, contentEncryptionAlgorithms: contents },
  );
  return plaintext;
}

const parts = (token) => (typeof token === 'string' ? token : utf8.decode(token)).split('.').length;

async function validate(token, now) {
  // Five parts are encrypted (RFC 7516 section 9): the signed token is inside.
  const signed = trust.decryption && parts(token) === 5 ? await decrypt(token) : token;
  const { payload } = await jwtVerify(signed, trust.keys, { ...trust.options, currentDate: new Date(now * 1000) });
  return { verdict: 'accept', claims: payload };
}

async function verifyJws(token) {
  const { payload } = await compactVerify(token, trust.keys, { algorithms: trust.algorithms });
  return { verdict: 'accept', 'payload-base64': Buffer.from(payload).toString('base64') };
}

async function decryptOnly(token) {
  if (!trust.decryption) return { skipped: 'configured without decryption keys' };
  return { verdict: 'accept', 'payload-base64': Buffer.from(await decrypt(token)).toString('base64') };
}

async function judged(verify) {
  try {
    return await verify();
  } catch (err) {
    // The base class of every error that jose documents.
    if (err instanceof errors.JOSEError) return { verdict: 'reject', reason: `${err.name}: ${err.message}` };
    return { error: { message: `${err}`, trace: err?.stack ?? '' } };
  }
}

function answer(ask) {
  const token = ask.token ?? (ask['token-base64'] && Buffer.from(ask['token-base64'], 'base64'));
  switch (ask.do) {
    case 'hello':
      return {
        ok: {
          name: 'jose', version, language: 'javascript',
          provides: ['control:clock', 'claims:returned', ...algorithms.map((alg) => `alg:${alg}`)],
        },
      };
    case 'configure': return configure(ask);
    case 'validate': return judged(() => validate(token, ask.now));
    case 'verify-jws': return judged(() => verifyJws(token));
    case 'decrypt': return judged(() => decryptOnly(token));
    default: return { skipped: `no call for ${ask.do}` };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const ask = JSON.parse(line);
  if (ask.do === 'bye') break;
  // Not awaited: replies come in the order in which the library is done.
  Promise.resolve(answer(ask)).then((reply) => process.stdout.write(`${JSON.stringify({ seq: ask.seq, ...reply })}\n`));
}
