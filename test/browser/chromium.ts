import { chromium, type Browser } from 'playwright-core';

export { findChromium } from '../rig/find-chromium.mjs';

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

/** Starts the browser, without a window. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGUMENTS });
}
