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

export async function report(run) {
  try {
    console.log(JSON.stringify(await run(...process.argv.slice(2))));
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
}
