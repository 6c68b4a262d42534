// GET /whoami answers with the claims of a bearer token, by jose's createRemoteJWKSet; GET /metrics says how often it did what.
import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const { JWKS_URI, ISSUER, PORT } = process.env;
const keys = createRemoteJWKSet(new URL(JWKS_URI), {
  cacheMaxAge: 4000,
  cooldownDuration: 1000,
  timeoutDuration: 1000,
});
const expected = { issuer: ISSUER, audience: 'https://orders.example', algorithms: ['RS256'] };

let accepted = 0;
const refused = {};
function metrics() {
  const lines = Object.entries(refused).map(([code, count]) => `tokens_refused_total{code="${code}"} ${count}`);
  return [`tokens_accepted_total ${accepted}`, ...lines, ''].join('\n');
}

createServer(async (req, res) => {
  if (req.url === '/healthz') return res.end('ok');
  if (req.url === '/metrics') return res.end(metrics());
  const token = /^Bearer +(.+)$/i.exec(req.headers.authorization ?? '')?.[1];
  try {
    const { payload } = await jwtVerify(token, keys, expected);
    accepted += 1;
    res.end(JSON.stringify({ claims: payload }));
  } catch (error) {
    const code = error.code ?? 'unreachable';
    refused[code] = (refused[code] ?? 0) + 1;
    res.writeHead(401, { 'WWW-Authenticate': 'Bearer' });
    res.end('{}');
  }
}).listen(Number(PORT), '127.0.0.1');
