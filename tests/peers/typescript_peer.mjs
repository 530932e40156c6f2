// What the two TypeScript clients share.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const peers = process.env.OCI_MCP_PEERS ?? fileURLToPath(new URL('../../target/peers', import.meta.url));

// `import` would look beside this file only; the packages are where install.sh put them.
export const sdk = createRequire(`${peers}/typescript/`);

// The text of a result that is an error, or the code of a JSON-RPC error.
export async function refusal(client, name, args) {
  let result;
  try {
    result = await client.callTool({ name, arguments: args });
  } catch (error) {
    return `${error.constructor.name} ${error.code}: ${error.message}`;
  }
  if (!result.isError) throw new Error(`${name} ${JSON.stringify(args)} was accepted`);
  return result.content[0].text;
}

// What both read the same way: resources, prompts, a completion, and a call `count` that is listened to.
export async function features(client, count, logs) {
  const { resources } = await client.listResources();
  const { contents } = await client.readResource({ uri: 'test://poem' });
  const { prompts } = await client.listPrompts();
  const { messages } = await client.getPrompt({ name: 'review', arguments: { place: 'paris' } });
  const { completion } = await client.complete({
    ref: { type: 'ref/prompt', name: 'review' },
    argument: { name: 'place', value: 'p' },
  });
  const progress = [];
  const counted = await count({
    onprogress: ({ progress: done, total, message }) => progress.push([done, total, message]),
  });
  return {
    resources: resources.map((resource) => resource.name),
    resource: contents[0].text,
    prompts: prompts.map((prompt) => prompt.name),
    prompt: messages.map((message) => message.content.text),
    completion: completion.values,
    counted: counted.content[0].text,
    progress,
    logs,
  };
}

export async function report(run) {
  try {
    console.log(JSON.stringify(await run(...process.argv.slice(2))));
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
}
