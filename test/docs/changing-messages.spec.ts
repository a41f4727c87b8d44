import { WebSocket } from 'ws';
import { startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import {
  assigneeOf,
  DeskEndpoint,
  readAll,
  TicketAssigned,
  TicketMoved,
  TicketOpened,
  TicketsEndpoint,
} from './changing-messages.js';

type Frame = Record<string, unknown> & { error?: { code: string; details?: Array<{ path: string }> } };

/** A page of another version: it sends data as that version wrote it, and returns the answers. */
async function answersOf(
  { port }: RunningApp,
  endpoint: string,
  messages: ReadonlyArray<readonly [type: string, data: object]>,
): Promise<Frame[]> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/streams`);
  const answers: Frame[] = [];
  await new Promise((resolve) => socket.on('open', resolve));
  const send = (frame: object): void => socket.send(JSON.stringify(frame));
  const done = new Promise<void>((resolve) =>
    socket.on('message', (text: Buffer) => {
      const frame = JSON.parse(String(text)) as Frame;
      if (frame.t === 'ack' || frame.t === 'error') answers.push(frame);
      const last = messages.length + 1;
      if (frame.id === last && (frame.t === 'ack' || frame.t === 'error')) resolve();
    }),
  );
  send({ t: 'hello', v: 1 });
  send({ t: 'open', id: 1, endpoint });
  for (const [index, [type, data]] of messages.entries())
    send({ t: 'message', id: index + 2, stream: endpoint, type, data });
  await done;
  socket.terminate();
  return answers;
}

describe('docs/changing-messages.md', () => {
  let app: RunningApp;

  beforeEach(async () => {
    app = await startApp({ providers: [TicketsEndpoint, DeskEndpoint] });
  });
  afterEach(stopAll);

  it('takes messages of pages that do not know a field yet', async () => {
    await answersOf(app, 'desk', [
      ['ticket.opened', { title: 'old page' }],
      ['ticket.opened', { title: 'new page', priority: 'high' }],
    ]);

    expect(app.get(DeskEndpoint).done).toEqual(['old page, low', 'new page, high']);
  });

  it('refuses a field that this server does not know yet, and names it', async () => {
    const data = { title: 'newer page', dueInDays: 3 };
    const [answer] = await answersOf(app, 'desk', [['ticket.opened', data]]);

    expect(answer!.error!.details!.map(({ path }) => path)).toEqual(['dueInDays']);
    expect(app.get(DeskEndpoint).done).toEqual([]);
  });

  it('takes the former name of a field and the new one', async () => {
    await answersOf(app, 'desk', [
      ['ticket.assigned', { owner: 'ada' }],
      ['ticket.assigned', { assignee: 'grace' }],
    ]);

    expect(app.get(DeskEndpoint).done).toEqual(['of ada', 'of grace']);
  });

  it('takes the former class and the new one', async () => {
    await answersOf(app, 'tickets', [
      ['ticket.note', { text: 'old' }],
      ['ticket.comment', { text: 'new', format: 'markdown' }],
    ]);

    expect(app.get(TicketsEndpoint).comments).toEqual(['plain: old', 'markdown: new']);
  });

  it('answers a class that this server does not know yet with UNKNOWN_MESSAGE', async () => {
    const [answer] = await answersOf(app, 'tickets', [['ticket.reaction', { text: '+1' }]]);

    expect(answer!.error!.code).toBe('UNKNOWN_MESSAGE');
  });

  // #region spec
  it('reads what an earlier version wrote into a history', () => {
    const [opened, assigned, moved] = readAll() as [TicketOpened, TicketAssigned, TicketMoved];

    expect(opened).toBeInstanceOf(TicketOpened);
    expect([opened.title, opened.priority]).toEqual(['The door sticks', undefined]);
    expect(assigneeOf(assigned)).toBe('ada');
    expect(moved.board).toBe('support');
  });
  // #endregion spec

  it('converts what a page of the former version sends', async () => {
    const answers = await answersOf(app, 'desk', [
      ['ticket.moved', { queue: 'support' }],
      ['ticket.moved', { $version: 2, board: 'sales' }],
      ['ticket.moved', { $version: 3, boards: ['sales'] }],
    ]);

    expect(app.get(DeskEndpoint).done).toEqual(['{"board":"support"}', '{"board":"sales"}']);
    expect(answers.map(({ error }) => error?.code).filter(Boolean)).toEqual(['UNKNOWN_VERSION']);
  });

  it('removes unknown properties where the class says so', async () => {
    await answersOf(app, 'desk', [['ticket.viewed', { ticketId: 't1', device: 'phone' }]]);

    expect(app.get(DeskEndpoint).done).toEqual(['{"ticketId":"t1"}']);
  });
});
