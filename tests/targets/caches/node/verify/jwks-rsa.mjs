import jwt from 'jsonwebtoken';
import jwksRsa from 'jwks-rsa';

export default ({ jwksUri, issuer, audience, lifetime, timeout }) => {
  const client = jwksRsa({ jwksUri, cache: true, cacheMaxAge: lifetime * 1000, timeout: timeout * 1000 });
  const key = (header, callback) =>
    client.getSigningKey(header.kid, (error, found) => callback(error, found?.getPublicKey()));
  return (token) =>
    new Promise((resolve, reject) =>
      jwt.verify(token, key, { issuer, audience, algorithms: ['RS256'] }, (error, claims) =>
        error ? reject(error) : resolve(claims),
      ),
    );
};
