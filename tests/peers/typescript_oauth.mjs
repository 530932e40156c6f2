// The TypeScript SDK 2.4.0 as a client that knows nothing but a URL, and a person with a browser who lets it in:
// `typescript_oauth.mjs URL [CLIENT]` prints one line of JSON, what was asked and answered on the way. Without the name of
// a client that the issuer has, it registers one.
import { report, sdk } from './typescript_peer.mjs';

const { Client, StreamableHTTPClientTransport, UnauthorizedError } = sdk('@modelcontextprotocol/client');

// Nobody listens there: the browser stops when it is sent back.
const CALLBACK = 'http://127.0.0.1:9/callback';

// Follows redirects and fills in forms as alice, until it is sent to the callback.
async function browse(url) {
  const cookies = new Map();
  let request = { url: String(url) };
  for (let page = 0; page < 20; page += 1) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const { method, body } = request;
    const response = await fetch(request.url, { method, body, headers: { cookie }, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    const html = location ? '' : await response.text();
    if (location?.startsWith(CALLBACK)) return new URL(location).searchParams;
    if (location) {
      request = { url: new URL(location, request.url).href };
      continue;
    }
    const action = html.match(/<form[^>]* action="([^"]+)"/)?.[1];
    const prompt = html.match(/name="prompt" value="([^"]+)"/)?.[1];
    if (!action) throw new Error(`${response.status} ${request.url}: ${html}`);
    const form = new URLSearchParams({ prompt, login: 'alice', password: 'any' });
    request = { url: new URL(action, request.url).href, method: 'POST', body: form };
  }
  throw new Error('the browser goes in circles');
}

// Remembers what a client has to, and each time that it sent its person away.
class Person {
  asked = [];
  redirectUrl = CALLBACK;
  clientMetadata = {
    client_name: 'typescript',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };

  constructor(client) {
    this.client = client && { client_id: client };
  }

  clientInformation = () => this.client;
  saveClientInformation = (client) => (this.client = client);
  tokens = () => this.token;
  saveTokens = (token) => (this.token = token);
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => (this.verifier = verifier);
  discoveryState = () => this.discovered;
  saveDiscoveryState = (discovered) => (this.discovered = discovered);

  async redirectToAuthorization(url) {
    const { searchParams: parameters } = url;
    const names = ['response_type', 'code_challenge_method', 'resource', 'scope'];
    this.asked.push(Object.fromEntries(names.map((name) => [name, parameters.get(name)])));
    this.code = await browse(url);
  }

  claims() {
    const { iss, aud, sub, scope } = JSON.parse(Buffer.from(this.token.access_token.split('.')[1], 'base64url'));
    return { iss, aud, sub, scope };
  }
}

await report(async (url, client) => {
  const person = new Person(client);
  const session = () => ({
    client: new Client({ name: 'typescript', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } }),
    transport: new StreamableHTTPClientTransport(new URL(url), { authProvider: person }),
  });
  // Goes through with `use`, once more if its person is sent away first.
  async function signedIn(use) {
    let { client, transport } = session();
    try {
      await client.connect(transport);
      return await use(client);
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
    }
    await transport.finishAuth(person.code);
    ({ client, transport } = session());
    await client.connect(transport);
    return use(client);
  }
  const list = async (client) => (await client.listTools()).tools.map((tool) => tool.name);
  const reading = { tools: await signedIn(list), claims: person.claims() };
  const failed = await signedIn((client) => client.callTool({ name: 'fail', arguments: {} }));
  return {
    client: person.client.client_id,
    asked: person.asked,
    reading,
    writing: { tools: await signedIn(list), claims: person.claims(), answer: failed.content[0].text },
  };
});
