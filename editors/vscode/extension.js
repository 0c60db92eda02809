// Starts `dbtruth server` and hands it to VS Code. Everything else is the server's.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');
const { LanguageClient, TransportKind } = require('vscode-languageclient/node');

let client;
let log;

/** The program: as configured, else that of the workspace's environment, else that on PATH. */
function program() {
  const configured = vscode.workspace.getConfiguration('dbtruth').get('path', '').trim();
  if (configured) {
    return configured;
  }
  // Code of a folder that is not trusted is not run.
  if (vscode.workspace.isTrusted) {
    const inside = process.platform === 'win32' ? ['Scripts', 'dbtruth.exe'] : ['bin', 'dbtruth'];
    for (const folder of vscode.workspace.workspaceFolders ?? []) {
      for (const environment of ['.venv', 'venv']) {
        const candidate = path.join(folder.uri.fsPath, environment, ...inside);
        if (fs.existsSync(candidate)) {
          return candidate;
        }
      }
    }
  }
  return 'dbtruth';
}

async function start() {
  if (!vscode.workspace.getConfiguration('dbtruth').get('enable', true)) {
    return;
  }
  const run = { command: program(), args: ['server'], transport: TransportKind.stdio };
  const languages = ['python', 'sql', 'markdown', 'yaml'];
  client = new LanguageClient(
    'dbtruth',
    'dbtruth',
    { run, debug: run },
    {
      // What was never saved is judged too, as a file of the first folder.
      documentSelector: languages.flatMap((language) => ['file', 'untitled'].map((scheme) => ({ scheme, language }))),
      outputChannel: log,
    },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const install = 'How to install';
    const chosen = await vscode.window.showErrorMessage(
      `dbtruth: \`${run.command} server\` does not start: ${error.message ?? error}`,
      install,
    );
    if (chosen === install) {
      log.appendLine('Install it with `pip install dbtruth` or `cargo install dbtruth`, or set `dbtruth.path`.');
      log.show();
    }
  }
}

async function stop() {
  const old = client;
  client = undefined;
  await old?.stop();
}

async function restart() {
  await stop();
  await start();
}

/** Applies all safe repairs to the active text. */
async function fixAll() {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    return;
  }
  const whole = new vscode.Range(0, 0, editor.document.lineCount, 0);
  const actions = await vscode.commands.executeCommand(
    'vscode.executeCodeActionProvider',
    editor.document.uri,
    whole,
    'source.fixAll.dbtruth',
  );
  for (const action of actions ?? []) {
    if (action.edit) {
      await vscode.workspace.applyEdit(action.edit);
    }
  }
}

async function activate(context) {
  log = vscode.window.createOutputChannel('dbtruth');
  context.subscriptions.push(
    log,
    vscode.commands.registerCommand('dbtruth.restart', restart),
    vscode.commands.registerCommand('dbtruth.showLog', () => log.show()),
    vscode.commands.registerCommand('dbtruth.fixAll', fixAll),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration('dbtruth.path') || event.affectsConfiguration('dbtruth.enable')) {
        await restart();
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
