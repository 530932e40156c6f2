// The TypeScript SDK 1.32.2 as a client: `typescript_v1.mjs URL legacy` prints one line of JSON.
import { features, refusal, report, sdk } from './typescript_peer.mjs';

const { Client } = sdk('@modelcontextprotocol/sdk/client/index.js');
const { LoggingMessageNotificationSchema } = sdk('@modelcontextprotocol/sdk/types.js');
const { StreamableHTTPClientTransport } = sdk('@modelcontextprotocol/sdk/client/streamableHttp.js');

await report(async (url, mode = 'legacy') => {
  if (mode !== 'legacy') throw new Error(`${mode}: this SDK knows only legacy`);
  const client = new Client({ name: 'typescript-v1', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(url));
  const logs = [];
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    logs.push([params.level, params.data]);
  });
  await client.connect(transport);
  const { tools } = await client.listTools();
  const added = await client.callTool({ name: 'add', arguments: { a: 2, b: 40 } });
  const count = (options) => client.callTool({ name: 'count', arguments: {} }, undefined, options);
  const answer = {
    client: 'typescript-v1',
    revision: transport.protocolVersion,
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
