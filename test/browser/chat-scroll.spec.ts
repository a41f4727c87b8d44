import { expect, it } from '@jest/globals';
import { ChatPost } from '@nestwire/chat/client';
import { create } from '@nestwire/protocol';
import type { BrowserContext } from 'playwright-core';
import { describeChat } from './chat-rig.js';
import type { ChatTab } from './chat-tab.js';
import { connectVisitor, fillRoom, joinRoom } from './chat-visitor.js';

/** The movement that nobody sees, in pixels. */
const MAX_DRIFT = 1;

describeChat('The list of messages in a browser', (rig) => {
  it('moves nothing while older pages load, and a reload keeps the place and the text', async () => {
    await fillRoom(rig().url, 'long', 130);
    const ada = await rig().open('Ada');
    await ada.page.goto(`${rig().url}/#/channel/long`);
    await ada.page.getByRole('button', { name: 'Join' }).click();
    await ada.composer.fill('A draft that stays');
    await ada.message('Line 130').waitFor();

    const { drift, pages } = await scrollBack(ada);
    expect(drift).toBeLessThanOrEqual(MAX_DRIFT);
    expect(pages).toBeGreaterThan(2);

    await ada.page.evaluate(`document.querySelector('.message-scroller').scrollTop += 1500`);
    await ada.page.evaluate(SETTLED);
    const [before = ''] = (await visibleTexts(ada)).slice(2);
    await ada.page.reload();
    await ada.message(before.split('\n')[0]!).waitFor();
    expect(await visibleTexts(ada)).toContain(before);
    expect(await ada.composer.inputValue()).toBe('A draft that stays');
  });

  it('moves nothing when an older page and a live message come in one rendering', async () => {
    const { ada, drift } = await bothAtOnce('both');
    expect(drift).toBeLessThanOrEqual(MAX_DRIFT);
    await ada.page.getByRole('button', { name: /Newest|new$/ }).click();
    await ada.message('A tall message').waitFor();

    // The measurement sees a movement.
    await ada.scrollTo(900);
    await ada.page.evaluate(SETTLED);
    const moved = `document.querySelector('.message-scroller').scrollTop -= 30`;
    expect(await driftAfter(ada, moved)).toBe(30);
  });

  it('would move messages then if the list did not hold its end', async () => {
    const { drift } = await bothAtOnce('unheld', withoutHeldRows);
    expect(drift).toBeGreaterThan(MAX_DRIFT);
  });

  /** Brings an older page and a live message to a reader at once; returns how far a message has moved. */
  async function bothAtOnce(
    room: string,
    prepare: (context: BrowserContext) => Promise<void> = () => Promise.resolve(),
  ): Promise<{ readonly ada: ChatTab; readonly drift: number }> {
    await fillRoom(rig().url, room, 100);
    const context = await rig().browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.addInitScript(HOLD_FRAMES);
    await prepare(context);
    const ada = await rig().visit(context);
    await ada.signIn('Ada');
    await ada.page.goto(`${rig().url}/#/channel/${room}`);
    await ada.page.getByRole('button', { name: 'Join' }).click();
    await ada.message('Line 100').waitFor();
    await ada.page.evaluate(SETTLED);

    await ada.page.evaluate('frames.hold()');
    await ada.scrollTo(600);
    await ada.page.getByText('Loading older messages').waitFor();
    const grace = await connectVisitor(rig().url, 'Grace');
    await joinRoom(grace, room);
    const text = `A tall message${'\n'.repeat(20)}its end`;
    await grace.client.chatChannel({ channelId: room }).post(create(ChatPost, { clientId: 'tall', text }));
    await grace.client.close();
    await ada.page.waitForFunction(`frames.has('Line 30') && frames.has('A tall message')`);

    const before = await heightOf(ada);
    const drift = await driftAfter(ada, 'frames.release()');
    expect(await heightOf(ada)).toBeGreaterThan(before + 500);
    return { ada, drift };
  }
});

/** Takes the hook that holds the end of the list out of the page. */
async function withoutHeldRows(context: BrowserContext): Promise<void> {
  await context.route(/\/assets\/index-.*\.js$/, async (route) => {
    const response = await route.fetch();
    const [before, after, ...others] = (await response.text()).split('===`before`&&(');
    if (after === undefined || others.length > 0)
      throw new Error('The condition of useHeldRows looks otherwise in the bundle; search for it anew.');
    await route.fulfill({ response, body: `${before}===\`never\`&&(${after}` });
  });
}

/** Returns the texts of the messages in the window, from top to bottom. */
function visibleTexts({ page }: ChatTab): Promise<string[]> {
  return page.evaluate(VISIBLE_TEXTS);
}

const VISIBLE_TEXTS = `(() => {
  const list = document.querySelector('.message-scroller');
  const { top, bottom } = list.getBoundingClientRect();
  return [...list.querySelectorAll('article')]
    .map((article) => ({ article, box: article.getBoundingClientRect() }))
    .filter(({ box }) => box.top >= top && box.bottom <= bottom)
    .sort((a, b) => a.box.top - b.box.top)
    .map(({ article }) => article.querySelector('.message-body')?.textContent ?? '');
})()`;

/** Waits until the list has stood still for 30 frames: its rows are measured. */
const SETTLED = `(async () => {
  const list = document.querySelector('.message-scroller');
  for (let still = 0, former = ''; still < 30; ) {
    await new Promise(requestAnimationFrame);
    const now = list.scrollTop + '/' + list.scrollHeight;
    still = now === former ? still + 1 : 0;
    former = now;
  }
})()`;

/** Keeps the frames of the server from the page; `release` delivers them in one task. */
const HOLD_FRAMES = `(() => {
  const held = [];
  let isHolding = false;
  window.frames = {
    hold() { isHolding = true; },
    has: (text) => held.some(({ data }) => textOf(data).includes(text)),
    release() {
      isHolding = false;
      for (const { socket, data } of held.splice(0)) socket.dispatchEvent(new MessageEvent('message', { data }));
    },
  };
  const textOf = (data) => (typeof data === 'string' ? data : new TextDecoder().decode(data));
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', (event) => {
        if (!isHolding) return;
        event.stopImmediatePropagation();
        held.push({ socket: this, data: event.data });
      });
    }
  };
})()`;

/** Runs a script; returns by how many pixels a visible message has moved in the window, when all stands still. */
function driftAfter({ page }: ChatTab, script: string): Promise<number> {
  return page.evaluate(`(async () => {
    const list = document.querySelector('.message-scroller');
    const { top } = list.getBoundingClientRect();
    const { key } = [...list.querySelectorAll('article')]
      .find((article) => article.getBoundingClientRect().top > top + 40).dataset;
    const topOf = () =>
      list.querySelector('article[data-key="' + CSS.escape(key) + '"]').getBoundingClientRect().top;
    const former = topOf();
    ${script};
    await ${SETTLED};
    return Math.abs(topOf() - former);
  })()`);
}

/** Scrolls up by one step of a wheel; returns the drift of a visible message against the scrolling, in pixels. */
const SCROLL_STEP = `(async () => {
  const list = document.querySelector('.message-scroller');
  const { top } = list.getBoundingClientRect();
  const anchor = [...list.querySelectorAll('article')].find((article) => article.getBoundingClientRect().top > top + 40);
  if (!anchor) return 0;
  const former = anchor.getBoundingClientRect().top;
  const by = Math.min(180, list.scrollTop);
  list.dispatchEvent(new WheelEvent('wheel', { bubbles: true, deltaY: -by }));
  list.scrollTop -= by;
  for (let frame = 0; frame < 6; frame++) await new Promise(requestAnimationFrame);
  const same = list.querySelector('article[data-key="' + CSS.escape(anchor.dataset.key) + '"]');
  return same ? Math.abs(same.getBoundingClientRect().top - former - by) : 0;
})()`;

/** Returns the height of all messages, in pixels. */
function heightOf({ page }: Pick<ChatTab, 'page'>): Promise<number> {
  return page.evaluate(`document.querySelector('.message-scroller').scrollHeight`);
}

/** Scrolls to the beginning; returns the largest drift of a message, and the number of pages that were loaded. */
async function scrollBack({ page }: ChatTab): Promise<{ drift: number; pages: number }> {
  let [drift, pages, height] = [0, 0, 0];
  await page.evaluate(SETTLED);
  const beginning = page.getByRole('region', { name: 'Beginning of the room' });
  for (let step = 0; step < 300; step++) {
    drift = Math.max(drift, await page.evaluate<number>(SCROLL_STEP));
    const seen = await heightOf({ page });
    if (seen > height + 500) pages++;
    height = Math.max(height, seen);
    if (await beginning.isVisible()) break;
  }
  return { drift, pages };
}
