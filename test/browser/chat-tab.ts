import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';

const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 }, colorScheme: 'light' };
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The browser writes these itself while a server is away; no page can prevent that. */
const OF_THE_NETWORK = /ERR_(CONNECTION_REFUSED|INTERNET_DISCONNECTED|NETWORK_CHANGED|CONNECTION_RESET)/;

/** One browser tab with the chat, used as a person would. */
export class ChatTab {
  /** The errors that the page threw or wrote to its console. */
  readonly problems: string[] = [];

  private constructor(readonly page: Page) {
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error' && !OF_THE_NETWORK.test(line.text())) this.problems.push(line.text());
    });
  }

  /** Opens the page in a browser profile of its own, and signs in with a new name. */
  static async open(
    browser: Browser,
    url: string,
    name: string,
    options?: BrowserContextOptions,
  ): Promise<ChatTab> {
    const tab = await ChatTab.visit(await browser.newContext({ ...DESKTOP, ...options }), url);
    await tab.signIn(name);
    return tab;
  }

  /** Opens the page in a browser profile, without signing in. */
  static async visit(context: BrowserContext, url: string): Promise<ChatTab> {
    const tab = new ChatTab(await context.newPage());
    await tab.page.goto(url);
    return tab;
  }

  /** Signs in with a new name. */
  async signIn(name: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(name);
    await this.page.getByRole('button', { name: 'Enter' }).click();
    await this.list.waitFor({ state: 'attached' });
  }

  /** The list of channels. */
  get list(): Locator {
    return this.page.getByRole('navigation', { name: 'Channels' });
  }

  /** The text field of the room. */
  get composer(): Locator {
    return this.page.getByRole('main').getByRole('textbox', { name: /^Message to/ });
  }

  /** The panel beside the room. */
  get panel(): Locator {
    return this.page.getByRole('complementary');
  }

  /** The channel of a name in the list. */
  channel(name: string): Locator {
    return this.list.getByRole('button', { name: new RegExp(`^\\W*${name}`) });
  }

  /** The message with a text, in the room or in a given part of the page. */
  message(text: string, within: Page | Locator = this.page.getByRole('main')): Locator {
    return within.getByRole('article').filter({ hasText: text }).last();
  }

  /** Waits until the text is visible on the page. */
  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).filter({ visible: true }).first().waitFor();
  }

  /** Waits until a message of an author is stored and visible in the room. */
  async hears(author: string, text: string): Promise<void> {
    const label = new RegExp(`^${author}: ${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);
    await this.page
      .locator('article[data-state=stored]')
      .and(this.page.getByRole('article', { name: label }))
      .first()
      .waitFor();
  }

  /** Posts a message in the room. */
  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** Goes to a channel of the list. */
  async choose(name: string): Promise<void> {
    await this.channel(name).click();
    await this.page.getByRole('heading', { name, level: 1 }).waitFor();
    await this.composer.waitFor();
  }

  /** Scrolls the messages of the room to an offset, as a wheel does, and waits for the next frames. */
  async scrollTo(offset: number): Promise<void> {
    await this.page.evaluate(`(async () => {
      const list = document.querySelector('.message-scroller');
      list.dispatchEvent(new WheelEvent('wheel', { bubbles: true, deltaY: ${offset} - list.scrollTop }));
      list.scrollTop = ${offset};
      for (let frame = 0; frame < 6; frame++) await new Promise(requestAnimationFrame);
    })()`);
  }

  /** Does something with a message, by the button in its actions. */
  async act(text: string, action: string): Promise<void> {
    const message = this.message(text);
    await message.hover();
    await message.getByRole('button', { name: action, exact: true }).click();
  }

  /** Loads the page anew, without a server in reach; returns the function that ends it. */
  async cut(): Promise<() => Promise<void>> {
    const { page } = this;
    let isCut = true;
    await page.routeWebSocket(/\/streams/, (socket) => {
      if (isCut) void socket.close();
      else socket.connectToServer();
    });
    await page.reload();
    await page.getByText(/Next try in \d+ s/).waitFor();
    return async () => {
      isCut = false;
      // The page may have tried by itself in between.
      const hurry = page.getByRole('button', { name: 'Try now' }).click({ timeout: 2_000 });
      await hurry.catch(() => undefined);
    };
  }

  /** Returns the texts of the messages in the room that are elements at present, from top to bottom. */
  async texts(): Promise<string[]> {
    return this.page.getByRole('main').locator('article[data-key] .message-body').allInnerTexts();
  }

  /** Returns true when the page is wider than its window. */
  isTooWide(): Promise<boolean> {
    return this.page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
  }

  /** Returns what axe finds wrong, as one line for each rule. */
  async barriers(): Promise<string[]> {
    await this.page.evaluate(AXE);
    return this.page.evaluate(`axe.run(document).then(({ violations }) => violations.map(
      ({ id, nodes }) => id + ': ' + nodes.map(({ html, any, all }) => html.slice(0, 160) + ' '
        + [...any, ...all].map(({ message }) => message).join('; ')).join(' | ')))`);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
