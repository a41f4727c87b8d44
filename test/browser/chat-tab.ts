import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const DESKTOP: BrowserContextOptions = { viewport: { width: 900, height: 660 }, colorScheme: 'light' };

/** One browser tab with the chat, used as a person would. */
export class ChatTab {
  /** The errors that the page threw or wrote to its console. */
  readonly problems: string[] = [];

  private constructor(readonly page: Page) {
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => this.problems.push(error.message));
  }

  /** Opens the page and picks a name. */
  static async open(
    browser: Browser,
    url: string,
    name: string,
    options?: BrowserContextOptions,
  ): Promise<ChatTab> {
    const context = await browser.newContext({ ...DESKTOP, ...options });
    const tab = new ChatTab(await context.newPage());
    await tab.page.goto(url);
    await tab.page.getByLabel('Your name').fill(name);
    await tab.page.getByRole('button', { name: 'Enter' }).click();
    await tab.sees('Connected');
    return tab;
  }

  /** Waits until the text stands on the page. */
  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).filter({ visible: true }).first().waitFor();
  }

  /** Waits until somebody has said something in the conversation on screen. */
  async hears(author: string, text: string): Promise<void> {
    await this.page
      .getByRole('article')
      .filter({ hasText: author })
      .getByText(text, { exact: true })
      .waitFor();
  }

  /** Says something in the conversation on screen. */
  async say(text: string): Promise<void> {
    const composer = this.page.getByLabel(/^Message to/);
    await composer.fill(text);
    await composer.press('Enter');
  }

  /** Goes to a room or person of the list. */
  async choose(name: string): Promise<void> {
    await this.list.getByRole('button', { name }).click();
    await this.#shows(name);
  }

  /** Joins a room by name. */
  async join(room: string): Promise<void> {
    await this.page.getByLabel('Name of a room to join or create').fill(room);
    await this.page.keyboard.press('Enter');
    await this.#shows(room);
  }

  /** The list of rooms and people. */
  get list() {
    return this.page.getByRole('navigation', { name: 'Conversations' });
  }

  /** Returns true when the page is wider than its window. */
  isTooWide(): Promise<boolean> {
    return this.page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  async #shows(conversation: string): Promise<void> {
    await this.page.getByRole('heading', { name: conversation, level: 1 }).waitFor();
  }
}
