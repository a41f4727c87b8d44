import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import { ChatTab } from './chat-tab.js';
import { findChromium, launchChromium } from './chromium.js';
import { ServerProcess } from './server-process.js';

const SERVER = 'apps/chat-server/dist/main.js';
const TEST_MS = 300_000;
const executablePath = findChromium();

/** The window of a phone. */
export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } as const;

/** A chat server with a folder of its own, and a browser. */
export class ChatRig {
  private readonly tabs: ChatTab[] = [];

  constructor(
    readonly browser: Browser,
    readonly server: ServerProcess,
    /** The folder of the database and the files. */
    readonly folder: string,
  ) {}

  get url(): string {
    return this.server.urls[0]!;
  }

  /** Signs in with a new name, in a browser profile of its own. */
  async open(name: string, options?: Parameters<typeof ChatTab.open>[3]): Promise<ChatTab> {
    return this.keep(await ChatTab.open(this.browser, this.url, name, options));
  }

  /** Opens the page in a browser profile, which the test has prepared. */
  async visit(context: BrowserContext): Promise<ChatTab> {
    return this.keep(await ChatTab.visit(context, this.url));
  }

  /** Closes all tabs; returns the errors of their pages. */
  async closeTabs(): Promise<string[]> {
    const problems = this.tabs.flatMap((tab) => tab.problems);
    await Promise.all(this.tabs.map((tab) => tab.close()));
    this.tabs.length = 0;
    return problems;
  }

  private keep(tab: ChatTab): ChatTab {
    this.tabs.push(tab);
    return tab;
  }
}

/** Runs tests with one server and one browser, where Chromium is found. No page may write an error. */
export function describeChat(name: string, tests: (rig: () => ChatRig) => void): void {
  jest.setTimeout(TEST_MS);
  (executablePath ? describe : describe.skip)(name, () => {
    const folder = mkdtempSync(join(tmpdir(), 'chat-'));
    let browser: Browser | undefined;
    let rig: ChatRig | undefined;

    beforeAll(async () => {
      const env = { PORT: '0', REDIS_URL: undefined, DATABASE_URL: undefined, CHAT_DATA: folder };
      browser = await launchChromium(executablePath!);
      rig = new ChatRig(browser, await ServerProcess.start(SERVER, env), folder);
    });

    afterEach(async () => {
      expect(await rig?.closeTabs()).toEqual([]);
    });

    afterAll(async () => {
      await browser?.close();
      await rig?.server.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    tests(() => rig!);
  });
}
