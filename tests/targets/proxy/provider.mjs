// A real identity provider: oidc-provider, with client credentials and JWT access tokens. Prints its address. Beside what the
// library serves: POST /rotate lets a fresh key sign, the old one stays published; GET /asked says when the key set was
// fetched, in milliseconds since the epoch.
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const keys = [];
async function freshKey() {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = `provider-${keys.length + 1}`;
  keys.unshift({ ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' });
  return kid;
}

const resource = {
  audience: 'https://orders.example',
  scope: 'orders:read',
  accessTokenFormat: 'jwt',
  accessTokenTTL: 60,
  jwt: { sign: { alg: 'RS256' } },
};

function provider(issuer) {
  return new Provider(issuer, {
    jwks: { keys },
    clients: [
      {
        client_id: 'drill',
        client_secret: process.env.CLIENT_SECRET,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    scopes: ['orders:read'],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource.audience,
        getResourceServerInfo: () => resource,
      },
    },
  }).callback();
}

const asked = [];
let answer;
const server = createServer(async (req, res) => {
  if (req.url === '/asked') return res.end(JSON.stringify(asked));
  if (req.url === '/rotate' && req.method === 'POST') {
    const kid = await freshKey();
    answer = provider(issuer);
    return res.end(kid);
  }
  if (req.url === '/jwks') asked.push(Date.now());
  answer(req, res);
});
await freshKey();
await new Promise((up) => server.listen(0, '127.0.0.1', up));
const issuer = `http://127.0.0.1:${server.address().port}`;
answer = provider(issuer);
console.log(issuer);
