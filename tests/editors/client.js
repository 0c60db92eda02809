// Run by tests/editors.rs: node tests/editors/client.js BINARY FOLDER, where FOLDER has a lock and `a.sql`. Speaks through Microsoft's own library.
'use strict';

const assert = require('node:assert');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { pathToFileURL } = require('node:url');
const rpc = require(path.join(__dirname, '../../editors/vscode/node_modules/vscode-jsonrpc/node'));

const [binary, folder] = process.argv.slice(2);
const server = spawn(binary, ['server', '--stdio'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
const connection = rpc.createMessageConnection(new rpc.StreamMessageReader(server.stdout), new rpc.StreamMessageWriter(server.stdin));
const uri = pathToFileURL(path.join(folder, 'a.sql')).href;

let published = [];
let waiting = [];
connection.onNotification('textDocument/publishDiagnostics', (params) => {
  published.push(params);
  waiting = waiting.filter((look) => !look());
});
let registered = 0;
connection.onRequest('client/registerCapability', () => {
  registered += 1;
  return null;
});
connection.onRequest('workspace/diagnostic/refresh', () => null);

function findings(is) {
  return new Promise((resolve) => {
    const look = () => {
      const found = published.find((p) => p.uri === uri && is(p.diagnostics));
      if (found) {
        published = published.filter((p) => p !== found);
        resolve(found.diagnostics);
      }
      return Boolean(found);
    };
    if (!look()) {
      waiting.push(look);
    }
  });
}

async function main() {
  connection.listen();
  const { capabilities } = await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: { workspace: { didChangeWatchedFiles: { dynamicRegistration: true } } },
  });
  assert.equal(capabilities.positionEncoding, 'utf-16');
  await connection.sendNotification('initialized', {});
  const open = { uri, languageId: 'sql', version: 1, text: "SELECT '😀', mfg_date FROM batches;\n" };
  await connection.sendNotification('textDocument/didOpen', { textDocument: open });
  const [found] = await findings((all) => all.length === 1 && all[0].range.start.character === 13);
  assert.equal(found.code, 'unknown-column');
  await connection.sendNotification('textDocument/didChange', {
    textDocument: { uri, version: 2 },
    contentChanges: [{ range: found.range, text: 'manufacturing_date' }],
  });
  await findings((all) => all.length === 0);
  const hover = await connection.sendRequest('textDocument/hover', { textDocument: { uri }, position: { line: 0, character: 14 } });
  assert.match(hover.contents.value, /date not null/);

  // Cancelled or answered, never forgotten.
  const source = new rpc.CancellationTokenSource();
  const asked = connection.sendRequest('workspace/symbol', { query: 'batches' }, source.token);
  source.cancel();
  await asked.catch((error) => assert.equal(error.code, -32800));
  await assert.rejects(connection.sendRequest('no/such/method', {}), (error) => error.code === -32601);
  assert.equal(registered, 1);

  await connection.sendRequest('shutdown');
  const exit = new Promise((resolve) => server.once('exit', resolve));
  await connection.sendNotification('exit');
  assert.equal(await exit, 0);
  console.log('vscode-jsonrpc: all well');
}

const timer = setTimeout(() => {
  console.error('nothing more came; published so far:', JSON.stringify(published, null, 1));
  server.kill();
  process.exit(1);
}, 90_000);
main().then(
  () => clearTimeout(timer),
  (error) => {
    console.error(error);
    server.kill();
    process.exit(1);
  },
);
