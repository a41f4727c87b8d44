import { chatServer, chatUser, ChatModule, type ChannelEntry, type ChatService } from '@nestwire/chat';
import { CHAT_MESSAGES, ChatJoined, ChatWatchPresence, type ChatStreams } from '@nestwire/chat/client';
import { create } from '@nestwire/protocol';
import { StreamAuthenticator, StreamsModule } from '@nestwire/streams';
import { TestServer } from '@nestwire/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { ChatService as Service } from '@nestwire/chat';
import { TestUsers } from '../../rig/chat-app.js';
import { describeIfPostgres, PostgresServer } from '../../rig/postgres-server.js';
import { until } from '../../rig/until.js';
import { DigestJob, Mailer, MailQueue } from './mail.js';
import { PushGateway, PushLog, PushSender } from './push.js';

const [ann, bob, cat] = ['ann', 'bob', 'cat'].map((id) => chatUser(id));
const HOUR_MS = 3_600_000;

class Nobody extends StreamAuthenticator {
  authenticate(): null {
    return null;
  }
}

/** The service of another company; it can be away. */
class Phones extends PushGateway {
  readonly rung: string[] = [];
  failures = 0;

  async send(userId: string, { title, body }: { title: string; body: string }): Promise<void> {
    if (userId === 'cat' && this.failures-- > 0) throw new Error('The gateway is away.');
    this.rung.push(`${userId}: ${title}: ${body}`);
  }
}

class Letters extends Mailer {
  readonly sent: string[] = [];
  failures = 0;

  async sendDigest(userId: string, channels: readonly ChannelEntry[]): Promise<void> {
    if (this.failures-- > 0) throw new Error('The mail server is away.');
    this.sent.push(
      `${userId}: ${channels.map(({ channel, unreadCount }) => `${channel.name} ${unreadCount}`)}`,
    );
  }
}

/** Remembers nothing: the control of the tests. */
class ForgetfulLog extends PushLog {
  override async once(_id: string, work: () => Promise<void>): Promise<void> {
    await work();
  }
}

describeIfPostgres('Push and mail', () => {
  let postgres: PostgresServer;
  let pool: Pool;
  let folder: string;
  let server: TestServer | undefined;
  beforeAll(async () => {
    postgres = await PostgresServer.start();
    pool = new Pool({ connectionString: postgres.url, max: 4 });
    pool.on('error', () => undefined);
    await pool.query('CREATE TABLE pushes (id text PRIMARY KEY, sent_at timestamptz NOT NULL)');
    await pool.query('CREATE TABLE mail_due (user_id text PRIMARY KEY, due_at timestamptz NOT NULL)');
    folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-'));
  });
  afterEach(async () => {
    await server?.close();
    await pool.query('TRUNCATE pushes, mail_due');
  });
  afterAll(async () => {
    await pool?.end();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(name: string, log = PushLog): Promise<TestServer> {
    const database = { file: join(folder, `${name}.sqlite`) };
    server = await TestServer.start({
      imports: [
        StreamsModule.forRoot({ authenticator: Nobody }),
        ChatModule.forRoot({ users: TestUsers, database }),
      ],
      providers: [
        { provide: 'Pool', useValue: pool },
        { provide: PushGateway, useClass: Phones },
        { provide: Mailer, useClass: Letters },
        { provide: PushLog, useClass: log },
        PushSender,
        MailQueue,
        DigestJob,
      ],
    });
    return server;
  }

  const phonesOf = ({ app }: TestServer) => app.get<PushGateway, Phones>(PushGateway);
  const lettersOf = ({ app }: TestServer) => app.get<Mailer, Letters>(Mailer);

  /** A channel of ann with bob, cat and dan, of whom dan muted it. */
  async function roomOf(chat: ChatService): Promise<string> {
    const { id } = await chat.channels.create(ann!, {
      type: 'private',
      name: 'Team',
      members: ['bob', 'cat', 'dan'],
    });
    await chat.channels.settle(chatUser('dan'), id, { mutedUntil: Date.now() + HOUR_MS });
    return id;
  }

  it('rings the absent members who want it, and not one whose page shows the channel', async () => {
    const running = await start('absent');
    const chat = running.app.get(Service);
    const channelId = await roomOf(chat);
    const page = await running.clientsOf<ChatStreams>()({ messages: CHAT_MESSAGES })({ as: { id: 'bob' } });
    const channel = page.chatChannel({ channelId });
    await channel.next(ChatJoined);
    await channel.sendStreamMessage(create(ChatWatchPresence, {}));

    await chat.messages.post(ann!, { channelId, text: 'one' });
    const { rung } = phonesOf(running);
    await until(() => rung.length === 1);
    await page.close();
    await chat.messages.post(chatServer(), { channelId, text: 'two' });
    await until(() => rung.length === 4);

    expect(rung).toEqual(['cat: The ann: one', 'ann: System: two', 'bob: System: two', 'cat: System: two']);
  });

  it('rings once for a message that grows, at its end', async () => {
    const running = await start('growing');
    const chat = running.app.get(Service);
    const channelId = await roomOf(chat);
    async function* answer() {
      yield 'Forty-';
      await until(async () => (await chat.history.page(chatServer(), { channelId })).messages.length === 1);
      yield 'two';
    }
    await chat.messages.grow(chatServer({ userId: 'bot' }), { channelId, clientId: 'a' }, answer());
    const { rung } = phonesOf(running);
    await until(() => rung.length === 3);

    expect(rung).toEqual(['ann', 'bob', 'cat'].map((id) => `${id}: The bot: Forty-two`));
  });

  it.each([
    ['once for each member, also when the gateway fails in between', PushLog, 1],
    ['more than once without the log, as the control shows', ForgetfulLog, 2],
  ])('rings %s', async (_name, log, times) => {
    const running = await start(`failing-${times}`, log);
    const chat = running.app.get(Service);
    const phones = phonesOf(running);
    phones.failures = 1;
    const channelId = await roomOf(chat);
    await chat.messages.post(ann!, { channelId, text: 'hi' });
    await until(() => phones.rung.includes('cat: The ann: hi'));

    expect(phones.rung.filter((push) => push.startsWith('bob'))).toHaveLength(times);
  });

  it('mails what is still unread an hour later, and not what was read', async () => {
    const running = await start('digest');
    const chat = running.app.get(Service);
    const channelId = await roomOf(chat);
    for (const text of ['one', 'two']) await chat.messages.post(ann!, { channelId, text });
    const due = async () => (await pool.query('SELECT user_id FROM mail_due ORDER BY user_id')).rows;
    await until(async () => (await due()).length === 2);
    const [job, letters] = [running.app.get(DigestJob), lettersOf(running)];
    await job.run();
    expect(letters.sent).toEqual([]);

    await chat.pointers.mark(cat!, channelId, 2);
    await pool.query('UPDATE mail_due SET due_at = now()');
    letters.failures = 1;
    await expect(job.run()).rejects.toThrow('away');
    expect(await due()).toContainEqual({ user_id: 'bob' });
    await Promise.all([job.run(), job.run()]);

    expect(letters.sent).toEqual(['bob: Team 2']);
    expect(await due()).toEqual([]);
    expect(await chat.lists.entry(bob!, channelId)).toMatchObject({ unreadCount: 2 });
  });
});
