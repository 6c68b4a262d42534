// Writes the issuer's keys as PEM files, which is how HAProxy takes them, starts HAProxy, and stands behind it as the
// upstream: it answers with the claims of the token that HAProxy let through, without looking at the signature.
import { spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-haproxy-'));
const { keys } = await (await fetch(process.env.JWKS_URI)).json();
for (const alg of ['RS256', 'ES256']) {
  const key = createPublicKey({ key: keys.find((key) => key.alg === alg), format: 'jwk' });
  writeFileSync(join(folder, `${alg.toLowerCase()}.pem`), key.export({ type: 'spki', format: 'pem' }));
}

function answer(authorization) {
  try {
    const claims = JSON.parse(Buffer.from(authorization.split('.')[1], 'base64url').toString());
    return JSON.stringify({ claims });
  } catch {
    return '{"claims":{}}';
  }
}

const upstream = createServer((req, res) => {
  if (req.url.split('?')[0] !== '/whoami') return res.writeHead(404).end();
  res.writeHead(200, { 'Content-Type': 'application/json' });
  res.end(answer(req.headers.authorization ?? ''));
});
upstream.listen(0, '127.0.0.1', () => {
  const env = { ...process.env, KEYS: folder, UPSTREAM: String(upstream.address().port) };
  const haproxy = spawn('haproxy', ['-db', '-f', 'haproxy.cfg'], { env, stdio: 'inherit' });
  const end = () => {
    haproxy.kill();
    rmSync(folder, { recursive: true, force: true });
    process.exit();
  };
  haproxy.on('error', end);
  haproxy.on('exit', end);
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
});
