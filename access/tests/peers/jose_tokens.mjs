// Makes keys and tokens with jose, and says of each token what jose thinks of it.
//
// Prints one JSON object: the JWK set, and [name, token, jose takes it] for each.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [, , peers, issuer, audience] = process.argv;
const require = createRequire(`${peers}/package.json`);
const { CompactSign, createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } = await import(
  pathToFileURL(require.resolve('jose')).href
);

const now = Math.floor(Date.now() / 1000);
const names = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
const usual = { iss: issuer, aud: audience, sub: 'peer', iat: now, exp: now + 300, scope: 'read:tools' };
const changes = {
  'aud in a list': { aud: ['urn:other', audience] },
  expired: { exp: now - 300 },
  'exp as text': { exp: 'tomorrow' },
  'no exp': { exp: undefined },
  'not yet valid': { nbf: now + 300 },
  'nbf as text': { nbf: 'now' },
  'other audience': { aud: 'urn:other' },
  'no audience': { aud: undefined },
  'other issuer': { iss: 'https://evil.example' },
  'no issuer': { iss: undefined },
  'no subject': { sub: undefined },
};

const keys = {};
const set = { keys: [] };
for (const alg of names) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  keys[alg] = privateKey;
  set.keys.push({ ...(await exportJWK(publicKey)), kid: alg, alg, use: 'sig' });
}

const encode = new TextEncoder();
const made = (alg, header, claims) =>
  new CompactSign(encode.encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg, kid: alg, ...header })
    .sign(keys[alg]);

const local = createLocalJWKSet(set);
async function takes(token) {
  const options = { issuer, audience, clockTolerance: 30, requiredClaims: ['exp', 'sub'] };
  return jwtVerify(token, local, options).then(
    () => true,
    () => false,
  );
}

const tokens = [];
for (const alg of names) {
  const cases = { [alg]: await made(alg, { typ: 'at+jwt' }, usual) };
  for (const [name, change] of Object.entries(changes)) {
    cases[`${alg} ${name}`] = await made(alg, {}, { ...usual, ...change });
  }
  cases[`${alg} unknown key`] = await made(alg, { kid: 'unknown' }, usual);
  cases[`${alg} key of another algorithm`] = await made(alg, { kid: alg === 'RS256' ? 'ES256' : 'RS256' }, usual);
  cases[`${alg} claims that are a list`] = await made(alg, {}, [usual]);
  const [head, body, signature] = cases[alg].split('.');
  cases[`${alg} without signature`] = `${head}.${body}.`;
  cases[`${alg} with another's signature`] = `${head}.${body}.${cases[`${alg} expired`].split('.')[2]}`;
  const none = Buffer.from(JSON.stringify({ alg: 'none', kid: alg })).toString('base64url');
  cases[`${alg} as none`] = `${none}.${body}.`;
  cases[`${alg} cut`] = `${head}.${body}.${signature.slice(0, -8)}`;
  for (const [name, token] of Object.entries(cases)) {
    tokens.push([name, token, await takes(token)]);
  }
}
console.log(JSON.stringify({ jwks: set, tokens }));
