// jsonwebtoken and jwks-rsa behind node:http: GET /whoami answers with the verified claims of a bearer token.
import { createServer } from 'node:http';
import jwt from 'jsonwebtoken';
import jwksClient from 'jwks-rsa';

const env = (name) => {
  if (process.env[name] === undefined) throw new Error(`${name} is not set`);
  return process.env[name];
};
const seconds = (name) => {
  if (!/^\d+$/.test(env(name))) throw new Error(`${name} is not a number of seconds`);
  return Number(env(name));
};

const client = jwksClient({ jwksUri: env('JWKS_URI') });
const options = {
  issuer: env('ISSUER'),
  audience: env('AUDIENCE'),
  algorithms: env('ALGORITHMS').split(','),
  clockTolerance: seconds('LEEWAY'),
};

function verify(token) {
  return new Promise((resolve, reject) => {
    // The README's getKey, with the error passed on. An exception thrown by the rest of
    // jwt.verify surfaces inside this callback: it must end as a 500, not end the process.
    const getKey = (header, callback) => {
      client.getSigningKey(header.kid, (err, key) => {
        try {
          if (err) return callback(err);
          callback(null, key.getPublicKey());
        } catch (thrown) {
          reject(thrown);
        }
      });
    };
    jwt.verify(token, getKey, options, (err, claims) => (err ? reject(err) : resolve(claims)));
  });
}

// JsonWebTokenError is the base class of the documented errors (TokenExpiredError and
// NotBeforeError extend it). An error of getKey, a JWKS that could not be fetched included,
// arrives wrapped in it too.
function isRefusal(err) {
  return err instanceof jwt.JsonWebTokenError;
}

function reply(res, status, body, headers = {}) {
  res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers });
  res.end(body);
}

function serialise(claims) {
  try {
    return JSON.stringify({ claims });
  } catch {
    return '{"claims":{}}';
  }
}

const server = createServer(async (req, res) => {
  const path = req.url.split('?')[0];
  if (path === '/healthz') return reply(res, 200, 'ok', { 'Content-Type': 'text/plain' });
  if (path !== '/whoami') return reply(res, 404, '{"error":"not_found"}');

  const token = /^Bearer +(.+)$/i.exec(req.headers.authorization ?? '')?.[1];
  if (token === undefined) return reply(res, 401, '{}', { 'WWW-Authenticate': 'Bearer' });

  let claims;
  try {
    claims = await verify(token);
  } catch (err) {
    if (!isRefusal(err)) return reply(res, 500, '{"error":"internal"}');
    return reply(res, 401, '{"error":"invalid_token"}', { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
  }
  reply(res, 200, serialise(claims));
});
server.listen(Number(env('PORT')), '127.0.0.1');
