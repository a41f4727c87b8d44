import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Without these the browser calls its maker, and draws with hardware that a test machine lacks. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Finds a Chromium: `CHROMIUM_BIN`, else the first on the PATH.
 *
 * Undefined, with a word on the console, when there is none.
 * @throws {Error} when there is none and CI=true, where a skipped test must not pass for a good one
 */
export function findChromium(): string | undefined {
  const found = process.env.CHROMIUM_BIN ?? candidates().find(isExecutable);
  if (found) return found;
  const remedy = 'No Chromium: install one (Debian: apt-get install chromium) or set CHROMIUM_BIN.';
  if (process.env.CI === 'true') throw new Error(remedy);
  console.warn(`SKIPPED: the browser tests. ${remedy}`);
  return undefined;
}

/** Starts the browser, without a window. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

function candidates(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
