// GET /whoami answers with the claims of a bearer token, by one verify function and one installed release of a package:
// server.mjs VERIFY RELEASE, such as `server.mjs jws jws-4.0.0`. The key set is read anew for every token.
import { createServer } from 'node:http';

const [, , name, release] = process.argv;
const library = await import(release);
const { default: verify } = await import(`./verify/${name}.mjs`);

const expected = { issuer: process.env.ISSUER, audience: process.env.AUDIENCE };

async function judge(token) {
  const { keys } = await (await fetch(process.env.JWKS_URI)).json();
  const claims = await verify(library.default ?? library, token, keys, expected, release);
  if (claims === null || typeof claims !== 'object') throw new Error('no claims');
  return claims;
}

function reply(res, status, body) {
  const headers = status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {};
  res.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  res.end(JSON.stringify(body));
}

const server = createServer(async (req, res) => {
  if (req.url === '/healthz') return reply(res, 200, {});
  if (req.url !== '/whoami') return reply(res, 404, {});
  const token = /^Bearer +(.+)$/i.exec(req.headers.authorization ?? '')?.[1];
  if (token === undefined) return reply(res, 401, {});
  try {
    reply(res, 200, { claims: await judge(token) });
  } catch (error) {
    reply(res, 401, { error: 'invalid_token', error_description: String(error?.message) });
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1');
