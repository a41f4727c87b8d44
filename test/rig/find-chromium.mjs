import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * Finds a Chromium: `CHROMIUM_BIN`, else the first on the PATH.
 *
 * Undefined, with a word on the console, when there is none.
 *
 * @returns {string | undefined}
 * @throws {Error} when there is none and CI=true, where a skipped test must not pass for a good one
 */
export function findChromium() {
  const found = process.env.CHROMIUM_BIN ?? candidates().find(isExecutable);
  if (found) return found;
  const remedy = 'No Chromium: install one (Debian: apt-get install chromium) or set CHROMIUM_BIN.';
  if (process.env.CI === 'true') throw new Error(remedy);
  console.warn(`SKIPPED: the browser tests. ${remedy}`);
  return undefined;
}

function candidates() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
