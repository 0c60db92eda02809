// The extension in a running VS Code, seen through a browser: `node vscode.cjs URL FOLDER MODULES`. `tests/editors/vscode` prepares everything.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const [url, folder, modules] = process.argv.slice(2);
const puppeteer = require(path.join(modules, 'puppeteer-core'));

async function main() {
  const options = { executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] };
  const browser = await puppeteer.launch({ ...options, headless: true, protocolTimeout: 300_000 });
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  await page.setViewport({ width: 1300, height: 800 });
  const open = JSON.stringify([['openFile', `vscode-remote://${new URL(url).host}${folder}/a.sql`]]);
  const shown = (selector, text) =>
    page.waitForFunction((s, t) => [...document.querySelectorAll(s)].some((e) => e.textContent.replaceAll('\u00a0', ' ').includes(t)), {}, selector, text);
  const done = (what) => console.log(`ok: ${what}`);
  try {
    await page.goto(`${url}/?folder=${folder}&payload=${encodeURIComponent(open)}`, { waitUntil: 'domcontentloaded' });
    await page.waitForSelector('.squiggly-error');
    done('a finding is shown when the file is opened');

    // The name under the cursor: what the lock says of the table.
    await page.click('.view-line');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.down('Control');
    await page.keyboard.press('k');
    await page.keyboard.press('i');
    await page.keyboard.up('Control');
    await shown('.monaco-hover', 'manufacturing_date');
    done('hover tells of the table');
    await page.keyboard.press('Escape');

    // The repair that is offered.
    await page.keyboard.press('Home');
    for (let n = 0; n < 9; n += 1) {
      await page.keyboard.press('ArrowRight');
    }
    await page.keyboard.down('Control');
    await page.keyboard.press('.');
    await page.keyboard.up('Control');
    await shown('.action-widget, .context-view', 'Change to `manufacturing_date`');
    await page.keyboard.press('Enter');
    await shown('.view-line', 'SELECT manufacturing_date FROM');
    await page.waitForFunction(() => !document.querySelector('.squiggly-error'));
    done('a repair is offered and made, and the finding goes');

    // A keystroke makes another.
    await page.keyboard.press('Home');
    for (let n = 0; n < 9; n += 1) {
      await page.keyboard.press('ArrowRight');
    }
    await page.keyboard.type('x');
    await page.waitForSelector('.squiggly-error');
    await page.keyboard.press('Backspace');
    await page.waitForFunction(() => !document.querySelector('.squiggly-error'));
    done('findings follow the keystrokes');

    // To the lock.
    await page.keyboard.press('F12');
    await shown('.tab', 'schema.lock.yaml');
    done('a definition is found in the lock');
    if (fs.readFileSync(path.join(folder, 'schema.lock.yaml'), 'utf8').length < 10) {
      throw new Error('the lock was changed');
    }
    console.log('all well');
  } finally {
    await page.screenshot({ path: path.join(path.dirname(folder), 'vscode.png') });
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
