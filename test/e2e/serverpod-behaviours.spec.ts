import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { Note, note, task } from './messages.js';
import { collect, connected, failureOf, stopAll, untilNothingIsLeft } from './start-app.js';
import { Desk, clientOf, codeOf, open, say, start, texts } from './serverpod.app.js';

// Repeats Serverpod's own tests of streaming endpoints; the numbers are those of that list.

afterEach(stopAll);

describe('Sending and receiving', () => {
  it('1: three messages to an endpoint are answered on its stream in the order sent', async () => {
    const client = await connected(clientOf(await start()));
    const read = collect(client.echo.stream);

    await Promise.all(['a', 'b', 'c'].map((text) => client.echo.sendStreamMessage(note(text))));

    await until(() => read.length === 3);
    expect(texts(read)).toEqual(['A', 'B', 'C']);
  });

  it('2: a class is decoded on the server, and what it becomes reaches the client as its class', async () => {
    const client = await connected(clientOf(await start()));
    const reader = client.echo.stream[Symbol.asyncIterator]();

    await client.echo.sendStreamMessage(note('x'));

    const { value } = await reader.next();
    expect(value).toBeInstanceOf(Note);
    expect(value).toMatchObject({ text: 'X' });
  });

  it('3: an endpoint of a module answers on its own stream, and none other', async () => {
    const client = await connected(clientOf(await start()));
    const [shop, echo] = [collect(client['shop-echo'].stream), collect(client.echo.stream)];

    await client['shop-echo'].sendStreamMessage(note('a'));
    await client.echo.sendStreamMessage(note('b'));

    await until(() => shop.length + echo.length === 2);
    expect([texts(shop), texts(echo)]).toEqual([['shop a'], ['B']]);
  });

  it('45: a message for a stream that is not open is answered, and the connection lives', async () => {
    const raw = await RawSocket.hello((await start()).port);

    raw.sendJson(say(1, 'echo'));
    expect(codeOf(await raw.frame('error', 1))).toBe('STREAM_NOT_OPEN');
    raw.sendJson(open(2, 'echo'));
    raw.sendJson(say(3, 'echo'));

    await raw.frame('ack', 3);
  });

  it('46: a single result is one message and then the answer', async () => {
    const raw = await RawSocket.hello((await start()).port);

    raw.sendJson(open(1, 'echo'));
    raw.sendJson(say(2, 'echo'));

    await raw.frame('ack', 2);
    expect(raw.frames.slice(-2)).toMatchObject([{ t: 'message' }, { t: 'ack' }]);
  });

  it('47: a counting result delivers 0 to n-1, in order', async () => {
    const client = await connected(clientOf(await start()));
    const read = collect(client.echo.stream);

    await client.echo.sendStreamMessage(task('count 500'));

    await until(() => read.length === 500);
    expect(texts(read)).toEqual(Array.from({ length: 500 }, (_, index) => String(index)));
  });

  it('48: the end of one stream leaves the connection and the others', async () => {
    const raw = await RawSocket.hello((await start()).port);
    raw.sendJson(open(1, 'echo'));
    raw.sendJson(open(2, 'shop-echo'));

    raw.sendJson({ t: 'close', id: 3, stream: 'echo' });
    await raw.frame('closed', 3);
    raw.sendJson(say(4, 'shop-echo'));

    await raw.frame('ack', 4);
  });

  it('99: a handler that throws for one message handles the next, and the sender is told', async () => {
    const client = await connected(clientOf(await start()));

    const outcomes = await Promise.allSettled([
      client.echo.sendStreamMessage(task('throw')),
      client.echo.sendStreamMessage(note('x')),
    ]);

    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { code: 'INTERNAL' } },
      { status: 'fulfilled' },
    ]);
  });

  it('100: a slow handler delays neither another endpoint nor the pong', async () => {
    const target = await start();
    const raw = await RawSocket.hello(target.port);
    for (const frame of [open(1, 'echo'), open(2, 'shop-echo')]) raw.sendJson(frame);

    raw.sendJson(say(3, 'echo', { text: 'wait' }, 'e2e.task'));
    raw.sendJson(say(4, 'echo'));
    raw.sendJson(say(5, 'shop-echo'));
    raw.sendJson({ t: 'ping' });

    await raw.frame('pong');
    await raw.frame('ack', 5);
    expect(raw.frames.some(({ stream, t }) => t === 'ack' && stream === 'echo')).toBe(false);
    target.get(Desk).latch.open();
    await raw.frame('ack', 4);
  });
});

describe('Access', () => {
  it('4: a message of an anonymous client is refused where a sign-in is required, and nothing breaks', async () => {
    const client = await connected(clientOf(await start()));

    expect(await failureOf(client.members.sendStreamMessage(note('x')))).toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    await client.echo.sendStreamMessage(note('x'));
  });

  it('5: after signing in and reconnecting the same endpoint answers', async () => {
    const client = await connected(clientOf(await start()));
    await failureOf(client.members.sendStreamMessage(note('x')));

    await client.close();
    client.credential.token = 'ada';
    await client.connectWebSocket();

    await client.members.sendStreamMessage(note('x'));
  });

  it('6: an anonymous connection is signed in in place, and the endpoint answers', async () => {
    const target = await start();
    const client = await connected(clientOf(target));
    const { connection } = client.connectionStatus as { connection: string };
    await failureOf(client.members.sendStreamMessage(note('x')));

    client.credential.token = 'ada';
    await client.authenticate();
    await client.members.sendStreamMessage(note('x'));

    expect(client.connectionStatus).toMatchObject({ connection, user: 'ada' });
  });

  it('7: a user without the scope is refused', async () => {
    const client = await connected(clientOf(await start(), 'ada'));

    expect(await failureOf(client.admins.sendStreamMessage(note('x')))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('8: a user with the scope is answered', async () => {
    const client = await connected(clientOf(await start(), 'admin'));

    await client.admins.sendStreamMessage(note('x'));
  });

  it('43: no credential, or a wrong one, does not open what requires a sign-in', async () => {
    const target = await start();
    const [anonymous, wrong] = [await RawSocket.hello(target.port), await RawSocket.upgrade(target.port)];

    anonymous.sendJson(open(1, 'members'));
    wrong.sendJson({ t: 'hello', v: 1, token: 'bad' });

    expect(codeOf(await anonymous.frame('error', 1))).toBe('UNAUTHENTICATED');
    expect(await wrong.closing()).toBe(4501);
  });

  it('44: a credential without the scope does not open, with it does', async () => {
    const target = await start();
    const [ada, admin] = [
      await RawSocket.hello(target.port, 'ada'),
      await RawSocket.hello(target.port, 'admin'),
    ];

    for (const raw of [ada, admin]) raw.sendJson(open(1, 'admins'));

    expect(codeOf(await ada.frame('error', 1))).toBe('FORBIDDEN');
    await admin.frame('opened', 1);
  });

  it('93: a credential gives the identity before the first handler, for all messages; a bad one is refused', async () => {
    const target = await start();
    const client = await connected(clientOf(target, 'ada'));
    for (const text of ['a', 'b']) await client.echo.sendStreamMessage(note(text));
    const bad = clientOf(target, 'bad');

    expect(await failureOf(bad.connectWebSocket())).toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(target.get(Desk).log).toEqual(['echo opened for ada', 'echo ada', 'echo ada']);
  });

  it('101: closed runs once for what was opened, also after signing out, and never for others', async () => {
    const target = await start();
    const client = await connected(clientOf(target, 'ada'));
    await client.members.sendStreamMessage(note('x'));
    await client.echo.sendStreamMessage(note('x'));
    await failureOf(client.admins.sendStreamMessage(note('x')));

    client.credential.token = null;
    await client.authenticate();
    await client.close();

    await untilNothingIsLeft(target);
    expect(
      target
        .get(Desk)
        .log.filter((entry) => entry.includes('closed'))
        .toSorted(),
    ).toEqual([
      'echo closed closed-by-client',
      'echo closed identity-changed',
      'members closed identity-changed',
    ]);
  });

  it('102: signing in opens what it newly allows to a client that waits for it, signing out closes it', async () => {
    const target = await start();
    const { log } = target.get(Desk);
    const client = await connected(clientOf(target));
    client.members.addStreamOpenedListener(() => undefined);
    await client.echo.sendStreamMessage(note('x'));

    client.credential.token = 'ada';
    await client.authenticate();
    await until(() => log.includes('members opened'));
    client.credential.token = null;
    await client.authenticate();

    await until(() => log.includes('members closed identity-changed'));
  });
});

describe('Opening', () => {
  it.each([
    ['an endpoint that is none', open(9, 'nowhere'), 'UNKNOWN_ENDPOINT'],
    ['a message that it does not take', say(9, 'shop-echo', {}, 'e2e.task'), 'UNKNOWN_MESSAGE'],
    ['a message that is none', say(9, 'shop-echo', {}, 'e2e.nothing'), 'UNKNOWN_MESSAGE'],
  ])('40: %s is answered', async (_, frame, code) => {
    const raw = await RawSocket.hello((await start()).port);
    raw.sendJson(open(1, 'shop-echo'));

    raw.sendJson(frame);

    expect(codeOf(await raw.frame('error', 9))).toBe(code);
  });

  it('41: a message without what it must have is refused, and says what', async () => {
    const raw = await RawSocket.hello((await start()).port);
    raw.sendJson(open(1, 'echo'));

    raw.sendJson(say(2, 'echo', {}));

    expect(await raw.frame('error', 2)).toMatchObject({
      error: {
        code: 'INVALID_MESSAGE',
        details: expect.arrayContaining([{ path: 'text', message: 'text must be a string' }]),
      },
    });
  });

  it('42: a good one succeeds, with the id of its session', async () => {
    const raw = await RawSocket.hello((await start()).port);

    raw.sendJson(open(1, 'echo'));

    expect(await raw.frame('opened', 1)).toMatchObject({ stream: 'echo', session: expect.any(String) });
  });
});
