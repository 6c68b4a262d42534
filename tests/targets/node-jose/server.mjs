// jose behind node:http: GET /whoami answers with the verified claims of a bearer token.
import { createServer } from 'node:http';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

const env = (name) => {
  if (process.env[name] === undefined) throw new Error(`${name} is not set`);
  return process.env[name];
};
const seconds = (name) => {
  if (!/^\d+$/.test(env(name))) throw new Error(`${name} is not a number of seconds`);
  return Number(env(name));
};

const JWKS = createRemoteJWKSet(new URL(env('JWKS_URI')));
const options = {
  issuer: env('ISSUER'),
  audience: env('AUDIENCE'),
  algorithms: env('ALGORITHMS').split(','),
  clockTolerance: seconds('LEEWAY'),
  // Further options of jwtVerify, as JSON.
  ...JSON.parse(process.env.MORE_OPTIONS ?? '{}'),
};

async function verify(token) {
  const { payload } = await jwtVerify(token, JWKS, options);
  return payload;
}

// JOSEError is the base class of every error that jose documents. The one thing it does not
// wrap is a JWKS endpoint that cannot be reached: that is fetch's own TypeError.
function isRefusal(err) {
  return err instanceof errors.JOSEError || (err instanceof TypeError && err.message === 'fetch failed');
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
