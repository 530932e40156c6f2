// A certified issuer on 127.0.0.1, at which any client registers and any person signs in. Lines on standard
// input: `rotate` replaces the keys.
//
// Prints `{"url": …}` when it listens, and `{"rotated": …}`.

import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [, , peers, audience, opaque] = process.argv;
const require = createRequire(`${peers}/package.json`);
const load = async (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: Provider } = await load('oidc-provider');
const { exportJWK, generateKeyPair } = await load('jose');

// Its advice would stand between the lines.
console.info = console.warn = console.error;

const resources = {
  [audience]: { scope: 'read:tools write:tools', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } },
  [opaque]: { scope: 'read:tools', accessTokenFormat: 'opaque' },
};
let generation = 0;

// Each set of keys takes a provider of its own, at the same URL and with the same store.
async function provider(url) {
  generation += 1;
  const keys = [];
  for (const alg of ['RS256', 'ES256']) {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    keys.push({ ...(await exportJWK(privateKey)), kid: `${alg}-${generation}`, alg, use: 'sig' });
  }
  const client = (id, secret, grants) => ({
    client_id: id,
    client_secret: secret,
    grant_types: grants,
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
  });
  return new Provider(url, {
    jwks: { keys },
    clients: [desktop, client('agent', 'agent-secret', ['client_credentials']), client('server', 'se:cret+/', [])],
    scopes: ['read:tools', 'write:tools'],
    features: {
      // Pages on which a person signs in with any name, and consents.
      devInteractions: { enabled: true },
      registration: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({ audience: resource, accessTokenTTL: 300, ...resources[resource] }),
      },
    },
  }).callback();
}

// A program of a person's own machine, which can keep no secret.
const desktop = {
  client_id: 'desktop',
  application_type: 'native',
  grant_types: ['authorization_code'],
  redirect_uris: ['http://127.0.0.1:9/callback'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};

const server = createServer((request, response) => handler(request, response));
let handler;
server.listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  handler = await provider(url);
  console.log(JSON.stringify({ url }));
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'rotate') {
      handler = await provider(url);
      console.log(JSON.stringify({ rotated: generation }));
    }
  }
  process.exit();
});
