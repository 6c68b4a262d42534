// GET /whoami answers with the claims of a bearer token, by jose's createRemoteJWKSet.
import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const { JWKS_URI, ISSUER, PORT } = process.env;
const keys = createRemoteJWKSet(new URL(JWKS_URI), {
  cacheMaxAge: 4000,
  cooldownDuration: 1000,
  timeoutDuration: 1000,
});
const expected = { issuer: ISSUER, audience: 'https://orders.example', algorithms: ['RS256'] };

createServer(async (req, res) => {
  if (req.url === '/healthz') return res.end('ok');
  const token = /^Bearer +(.+)$/i.exec(req.headers.authorization ?? '')?.[1];
  try {
    const { payload } = await jwtVerify(token, keys, expected);
    res.end(JSON.stringify({ claims: payload }));
  } catch {
    res.writeHead(401, { 'WWW-Authenticate': 'Bearer' });
    res.end('{}');
  }
}).listen(Number(PORT), '127.0.0.1');
