// The key that a token names, in the forms in which packages want it.
import { createPublicKey } from 'node:crypto';

/** The protected header, unverified. */
export function headerOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString());
}

/** The JWK with the token's kid; undefined where there is none. */
export function find(keys, token) {
  return keys.find((key) => key.kid === headerOf(token).kid);
}

/** SubjectPublicKeyInfo as PEM; the secret's bytes for an oct key; undefined for no key. */
export function material(jwk) {
  if (jwk === undefined) return undefined;
  if (jwk.kty === 'oct') return Buffer.from(jwk.k, 'base64url');
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
}

/** PKCS#1 as PEM. */
export function pkcs1(jwk) {
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'pkcs1', format: 'pem' });
}

/** The part of a compact token that is signed, and the signature's bytes. */
export function signed(token) {
  const [header, payload, signature] = token.split('.');
  return [Buffer.from(`${header}.${payload}`), Buffer.from(signature, 'base64url')];
}

/** The claims, unverified. */
export function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
}

/** What packages that verify signatures only leave to their caller. */
export function checkClaims(claims, { issuer, audience }) {
  if (claims.iss !== issuer) throw new Error('iss');
  if (![claims.aud].flat().includes(audience)) throw new Error('aud');
  if (!(claims.exp > Date.now() / 1000)) throw new Error('exp');
  return claims;
}
