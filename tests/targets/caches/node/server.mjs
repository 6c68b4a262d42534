// GET /whoami answers with the claims of a bearer token: server.mjs VERIFY. Each verify function keeps the key set with
// a library of its own, as that library's documentation shows.
import { createServer } from 'node:http';

const { env } = process;
const seconds = (name) => Number(env[name]);
const setting = {
  jwksUri: env.JWKS_URI,
  issuer: env.ISSUER,
  audience: env.AUDIENCE,
  lifetime: seconds('LIFETIME'),
  cooldown: seconds('COOLDOWN'),
  timeout: seconds('TIMEOUT'),
};
const { default: make } = await import(`./verify/${process.argv[2]}.mjs`);
const verify = make(setting);

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
    reply(res, 200, { claims: await verify(token) });
  } catch (error) {
    // Most applications cannot tell "your token is bad" from "I cannot decide": the libraries throw for both.
    reply(res, 401, { error: 'invalid_token', error_description: String(error?.message) });
  }
});
server.listen(Number(env.PORT), '127.0.0.1');
