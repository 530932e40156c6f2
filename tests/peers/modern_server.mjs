// The TypeScript SDK 2.4.0 as a server that knows 2026-07-28 and nothing before it: `modern_server.mjs PORT` prints its
// URL. It ends when its stdin does.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const peers = process.env.OCI_MCP_PEERS ?? fileURLToPath(new URL('../../target/peers', import.meta.url));
const sdk = createRequire(`${peers}/server/`);
const { McpServer, completable, createMcpHandler } = sdk('@modelcontextprotocol/server');
const z = sdk('zod');

function factory() {
  const server = new McpServer({ name: 'modern', version: '1' }, { capabilities: { logging: {} } });
  const sum = z.object({ sum: z.number() });
  server.registerTool(
    'add',
    { inputSchema: z.object({ a: z.number().int(), b: z.number().int() }), outputSchema: sum },
    async ({ a, b }) => ({
      content: [{ type: 'text', text: JSON.stringify({ sum: a + b }) }],
      structuredContent: { sum: a + b },
    }),
  );
  server.registerTool('count', {}, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    const step = (progress, message) =>
      mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 2, message } });
    await step(1, 'one');
    await mcpReq.log('info', 'halfway');
    await step(2, 'two');
    return { content: [{ type: 'text', text: 'counted' }] };
  });
  // Refused without the header, as the specification has it.
  const region = z.string().meta({ 'x-mcp-header': 'Region' });
  server.registerTool('route', { inputSchema: z.object({ region }) }, async ({ region }, { http }) => ({
    content: [{ type: 'text', text: `${region} by ${http.req.headers.get('mcp-param-region')}` }],
  }));
  server.registerResource('poem', 'test://poem', {}, async (uri) => ({
    contents: [{ uri: uri.href, text: 'so much depends' }],
  }));
  const place = completable(z.string(), (value) => ['paris', 'phoenix'].filter((name) => name.startsWith(value)));
  server.registerPrompt('review', { argsSchema: z.object({ place }) }, ({ place }) => ({
    messages: [`look at all in ${place}`, 'as you like'].map((text) => ({
      role: 'user',
      content: { type: 'text', text },
    })),
  }));
  return server;
}

const handler = createMcpHandler(factory, { legacy: 'reject' });
const port = Number(process.argv[2]);

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method, headers, url } = request;
  const body = chunks.length ? Buffer.concat(chunks) : undefined;
  const answer = await handler.fetch(new Request(`http://127.0.0.1:${port}${url}`, { method, headers, body }));
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  for await (const chunk of answer.body ?? []) response.write(chunk);
  response.end();
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/mcp`));

process.stdin.resume().on('end', () => process.exit());
