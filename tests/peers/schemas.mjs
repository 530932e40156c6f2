// Takes MCP's JSON Schemas, one of each revision, out of the conformance suite, which bundles them as literals:
// `schemas.mjs SUITE FOLDER` writes FOLDER/REVISION.json.
import { readFileSync, writeFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';

const [suite, folder] = process.argv.slice(2);
const text = readFileSync(suite, 'utf8');

// The table from revisions to variables, right behind the literals: {"2025-03-26":Pe,…,[A]:Le}
const [table, newest] = text.match(/\{"2025-03-26":\w+,[^}]*\[(\w+)\]:\w+\}/) ?? [];
if (!table) throw new Error(`${suite} has no table of schemas`);
const [, revision] = text.match(new RegExp(`\\b${newest}=[\`"]([\\d-]{10})[\`"]`));
const start = text.search(/\w+=\{\$schema:/);
const literals = text.slice(start, text.lastIndexOf(';', text.indexOf(table)));

const schemas = runInNewContext(`var ${literals}; (${table})`, { [newest]: revision });
for (const [revision, schema] of Object.entries(schemas)) {
  writeFileSync(`${folder}/${revision}.json`, JSON.stringify(schema));
}
