// Writes the issuer's keys as PEM files, which is how HAProxy takes them, and starts HAProxy.
import { spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-haproxy-'));
const { keys } = await (await fetch(process.env.JWKS_URI)).json();
for (const alg of ['RS256', 'ES256']) {
  const key = createPublicKey({ key: keys.find((key) => key.alg === alg), format: 'jwk' });
  writeFileSync(join(folder, `${alg.toLowerCase()}.pem`), key.export({ type: 'spki', format: 'pem' }));
}

// HAProxy wants a host and a port, not an address.
const env = { ...process.env, KEYS: folder, UPSTREAM: new URL(process.env.UPSTREAM).host };
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
