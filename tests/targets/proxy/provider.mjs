// A real identity provider: oidc-provider, with client credentials, JWT access tokens, and a grant by which programs begin
// sessions whose refresh tokens are rotated. Prints its address. Beside what the
// library serves: POST /rotate lets a fresh key sign, the old one stays published; GET /asked says when the key set was
// fetched, in milliseconds since the epoch.
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { errors } from 'oidc-provider';
import ResourceServer from './node_modules/oidc-provider/lib/helpers/resource_server.js';

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
  const own = new Provider(issuer, {
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    rotateRefreshToken: true,
    jwks: { keys },
    clients: [
      {
        client_id: 'drill',
        client_secret: process.env.CLIENT_SECRET,
        grant_types: ['client_credentials', 'password', 'refresh_token'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    scopes: ['orders:read', 'openid', 'offline_access'],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource.audience,
        getResourceServerInfo: () => resource,
      },
    },
  });
  // Sessions without a browser, for load: the library has the building blocks, and no such grant of its own.
  own.registerGrantType(
    'password',
    async (ctx) => {
      const { client, params } = ctx.oidc;
      if (params.password !== process.env.CLIENT_SECRET) throw new errors.InvalidGrant('wrong password');
      const { Grant, RefreshToken, AccessToken } = own;
      const accountId = params.username;
      const grant = new Grant({ accountId, clientId: client.clientId });
      grant.addOIDCScope('openid offline_access');
      grant.addResourceScope(resource.audience, resource.scope);
      const grantId = await grant.save();
      const scope = `openid offline_access ${resource.scope}`;
      const common = { accountId, client, grantId, gty: 'password', claims: {}, authTime: 0 };
      const refresh = new RefreshToken({ ...common, scope, resource: resource.audience, rotations: 0 });
      const access = new AccessToken({ ...common, scope: resource.scope });
      access.resourceServer = new ResourceServer(resource.audience, resource);
      ctx.body = {
        access_token: await access.save(),
        refresh_token: await refresh.save(),
        token_type: 'Bearer',
        expires_in: access.expiration,
      };
    },
    ['username', 'password', 'scope'],
  );
  return own.callback();
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
