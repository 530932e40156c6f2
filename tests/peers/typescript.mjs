// The TypeScript SDK 2.4.0 as a client: `typescript.mjs URL legacy|auto|modern` prints one line of JSON.
import { features, refusal, report, sdk } from './typescript_peer.mjs';

const { Client, StreamableHTTPClientTransport } = sdk('@modelcontextprotocol/client');

// "auto" falls back to initialize, "modern" does not; `revision` says what it became.
const modes = { legacy: 'legacy', auto: 'auto', modern: { pin: '2026-07-28' } };

await report(async (url, mode = 'legacy') => {
  if (!(mode in modes)) throw new Error(`${mode}: not one of ${Object.keys(modes)}`);
  const client = new Client(
    { name: 'typescript', version: '1' },
    { versionNegotiation: { mode: modes[mode] } },
  );
  const logs = [];
  client.setNotificationHandler('notifications/message', ({ params }) => {
    logs.push([params.level, params.data]);
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const { tools } = await client.listTools();
  const added = await client.callTool({ name: 'add', arguments: { a: 2, b: 40 } });
  const _meta = { 'io.modelcontextprotocol/logLevel': 'info' };
  const count = (options) => client.callTool({ name: 'count', arguments: {}, _meta }, options);
  const answer = {
    client: 'typescript',
    revision: client.getNegotiatedProtocolVersion(),
    tools: tools.map((tool) => tool.name),
    call: added.content[0].text,
    structured: added.structuredContent ?? null,
    unknown_tool: await refusal(client, 'nope', {}),
    bad_arguments: await refusal(client, 'add', { a: 'x' }),
    ...(await features(client, count, logs)),
  };
  await client.close();
  return answer;
});
