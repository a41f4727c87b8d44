import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeChats, startChat, type ChatApp } from '../../../../test/rig/chat-app.js';
import { describeOnEachDatabase } from '../../../../test/rig/chat-databases.js';
import { imageOf, itWithSharp } from '../../../../test/rig/images.js';
import { ChatDatabase } from '../database/chat-database.js';
import { ChatHooks, type ChatDraft } from '../messages/chat-hooks.js';
import { chatServer, chatUser } from '../policy/chat-actor.js';

const [ann, bob, cat] = ['ann', 'bob', 'cat'].map((id) => chatUser(id));
const DAY_MS = 86_400_000;
const refusedWith = (code: string) => expect.objectContaining({ code }) as unknown;
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));

class Recorder extends ChatHooks {
  static seen: ChatDraft['attachments'] = [];

  override willSend({ attachments }: ChatDraft): undefined {
    Recorder.seen = attachments;
  }
}

describeOnEachDatabase('Attachments', (fresh) => {
  let folder: string;
  let app: ChatApp;
  let attachments: ChatApp['chat']['attachments'];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestwire-files-'));
    app = await startChat({
      database: fresh(),
      hooks: Recorder,
      attachments: { folder, maxBytes: 300_000, maxPerMessage: 2, bytesPerDay: 10_000_000 },
    });
    ({ attachments } = app.chat);
  });
  afterAll(async () => {
    await closeChats();
    await rm(folder, { recursive: true, force: true });
  });

  async function room(): Promise<string> {
    return (await app.chat.channels.create(ann!, { type: 'private', members: ['bob'] })).id;
  }
  const post = (channelId: string, attachmentIds: string[], actor = ann!) =>
    app.chat.messages.post(actor, { channelId, text: '', attachmentIds });
  const fileCount = async () =>
    (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).length;

  it('are uploaded, posted and read by the others, with their type by content and an address', async () => {
    const channelId = await room();
    const file = { channelId, name: '../évil.exe', bytes: bytesOf('plain words') };
    const uploaded = await attachments.upload(ann!, file);
    expect(uploaded).toMatchObject({ name: 'évil.exe', contentType: 'text/plain', size: 11 });
    const message = await post(channelId, [uploaded.id]);

    expect(message).toMatchObject({ text: '', attachments: [{ id: uploaded.id }] });
    expect(Recorder.seen).toMatchObject([{ id: uploaded.id, name: 'évil.exe' }]);
    const { messages } = await app.chat.history.page(bob!, { channelId });
    expect(messages[0]!.attachments).toEqual(message.attachments);
    expect(uploaded.url).toMatch(/^\/chat\/files\/default\/[\w-]{22}\?expires=\d+&signature=[\w-]{43}$/);
    expect(await app.chat.messages.edit(ann!, message, { text: '' })).toMatchObject({ version: 2 });
  });

  itWithSharp('of images have their size and a preview', async () => {
    const channelId = await room();
    const bytes = await imageOf(1_300, 650).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const [uploaded, broken] = await Promise.all([
      attachments.upload(ann!, { channelId, name: 'a.jpg', bytes }),
      attachments.upload(ann!, { channelId, name: 'b.jpg', bytes: bytes.subarray(0, 900) }),
    ]);

    expect(uploaded).toMatchObject({
      contentType: 'image/jpeg',
      width: 650,
      height: 1_300,
      previewWidth: 320,
      previewHeight: 640,
      previewUrl: expect.stringContaining('/preview?') as string,
    });
    expect(broken).toMatchObject({ contentType: 'image/jpeg' });
    expect(broken.previewUrl).toBeUndefined();
  });

  it('continue where they were cut, under one client id', async () => {
    const channelId = await room();
    const bytes = new Uint8Array(200_000).map((_byte, at) => at % 251);
    const file = { channelId, name: 'cut.bin', size: bytes.length, clientId: 'f1' };
    const begun = await attachments.begin(ann!, file);
    expect(begun).toMatchObject({ offset: 0 });
    async function* cut() {
      for (let at = 0; at < 100_000; at += begun.chunkBytes)
        yield await Promise.resolve(bytes.slice(at, at + begun.chunkBytes));
      throw new Error('the connection is lost');
    }
    await expect(attachments.receive(ann!, { channelId, ...begun }, cut())).rejects.toThrow(
      'the connection is lost',
    );
    const again = await attachments.begin(ann!, file);
    expect(again.id).toBe(begun.id);
    async function* rest(from: number) {
      for (let at = from; at < bytes.length; at += begun.chunkBytes)
        yield await Promise.resolve(bytes.slice(at, at + begun.chunkBytes));
    }
    await expect(
      attachments.receive(ann!, { channelId, id: again.id, offset: 190_000 }, rest(190_000)),
    ).rejects.toEqual(refusedWith('CHAT_INVALID'));
    const uploaded = await attachments.receive(ann!, { channelId, ...again }, rest(again.offset));

    expect(uploaded).toMatchObject({ size: 200_000, contentType: 'application/octet-stream' });
    expect(await attachments.receive(ann!, { channelId, ...again }, rest(0))).toMatchObject({
      id: uploaded.id,
    });
    expect(await attachments.begin(ann!, file)).toMatchObject({ id: uploaded.id, offset: 200_000 });
    await expect(attachments.begin(ann!, { ...file, size: 5 })).rejects.toEqual(refusedWith('CHAT_INVALID'));
  });

  it('of another user, of another channel, used, incomplete or forged are refused in a post', async () => {
    const [here, there] = [await room(), await room()];
    const upload = (actor = ann!, channelId = here) =>
      attachments.upload(actor, { channelId, name: 'a.txt', bytes: bytesOf('x') });
    const own = await upload();
    const open = await attachments.begin(ann!, { channelId: here, name: 'a', size: 9, clientId: 'open' });
    const refused = [
      [(await upload(bob!)).id],
      [(await upload(ann!, there)).id],
      [open.id],
      ['https://example.org/image.png'],
      ['../../etc/passwd'],
      [own.id, own.id],
      ['a', 'b', 'c'],
    ];
    for (const ids of refused)
      await expect(post(here, ids)).rejects.toEqual(
        refusedWith(ids.length > 2 ? 'CHAT_LIMIT_EXCEEDED' : 'CHAT_INVALID'),
      );
    await post(here, [own.id]);
    await expect(post(here, [own.id])).rejects.toEqual(refusedWith('CHAT_INVALID'));
    await expect(post(here, [own.id], chatUser('ann', 'other'))).rejects.toEqual(
      refusedWith('CHAT_NOT_FOUND'),
    );
    await expect(post(here, [])).rejects.toEqual(refusedWith('CHAT_INVALID'));
    expect((await app.chat.history.page(bob!, { channelId: here })).messages).toHaveLength(1);
  });

  it('are given to one of two posts at the same time', async () => {
    const channelId = await room();
    const { id } = await attachments.upload(ann!, { channelId, name: 'a.txt', bytes: bytesOf('x') });
    const posts = await Promise.allSettled([
      post(channelId, [id]),
      post(channelId, [id]),
      post(channelId, [id]),
    ]);

    expect(posts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { messages } = await app.chat.history.page(bob!, { channelId });
    expect(messages.map((message) => message.attachments.length)).toEqual([1]);
  });

  it('are refused to strangers, in a frozen channel, and when they are empty, too large or wrongly sent', async () => {
    const channelId = await room();
    const file = { channelId, name: 'a', size: 10, clientId: 'f' };
    const begin = (changes: object, actor = ann!) => attachments.begin(actor, { ...file, ...changes });
    await expect(begin({}, cat)).rejects.toEqual(refusedWith('CHAT_NOT_FOUND'));
    await expect(begin({ size: 300_001 })).rejects.toEqual(refusedWith('CHAT_LIMIT_EXCEEDED'));
    for (const changes of [{ size: 0 }, { size: 1.5 }, { size: -1 }, { clientId: '../x' }])
      await expect(begin(changes)).rejects.toEqual(refusedWith('CHAT_INVALID'));
    const { id } = await begin({});
    async function* sent(...chunks: unknown[]) {
      for (const chunk of chunks) yield await Promise.resolve(chunk as Uint8Array);
    }
    const receive = (chunks: unknown[], actor = ann!, place: object = {}) =>
      attachments.receive(actor, { channelId, id, offset: 0, ...place }, sent(...chunks));
    await expect(receive([bytesOf('0123456789')], bob)).rejects.toEqual(refusedWith('CHAT_NOT_FOUND'));
    await expect(receive([bytesOf('x')], ann, { id: 'forged' })).rejects.toEqual(
      refusedWith('CHAT_NOT_FOUND'),
    );
    await expect(receive([bytesOf('x')], ann, { offset: -1 })).rejects.toEqual(refusedWith('CHAT_INVALID'));
    await expect(receive([bytesOf('0123456789+')])).rejects.toEqual(refusedWith('CHAT_LIMIT_EXCEEDED'));
    for (const chunk of ['text', new Uint8Array(0), new Uint8Array(40_000), null])
      await expect(receive([chunk])).rejects.toEqual(refusedWith('CHAT_INVALID'));
    await expect(receive([bytesOf('0123')])).rejects.toMatchObject({
      code: 'CHAT_INVALID',
      message: expect.stringContaining('4 of 10') as string,
    });
    expect(await attachments.begin(ann!, file)).toMatchObject({ offset: 4 });
    await app.chat.channels.freeze(ann!, channelId);
    await expect(begin({ clientId: 'g' })).rejects.toEqual(refusedWith('CHAT_READ_ONLY'));
  });

  it('end an upload that continues with another call', async () => {
    const channelId = await room();
    const { id } = await attachments.begin(ann!, { channelId, name: 'a', size: 4, clientId: 'f' });
    let release: (() => void) | undefined;
    async function* slow() {
      yield bytesOf('ab');
      await new Promise<void>((resolve) => (release = resolve));
      yield bytesOf('cd');
    }
    const first = attachments.receive(ann!, { channelId, id, offset: 0 }, slow());
    first.catch(() => undefined);
    while (!release) await new Promise(setImmediate);
    async function* whole() {
      yield await Promise.resolve(bytesOf('abcd'));
    }
    await attachments.receive(ann!, { channelId, id, offset: 0 }, whole());
    release();

    await expect(first).rejects.toEqual(refusedWith('CHAT_INVALID'));
  });

  it('keep to the quota of the user, also when they are cancelled', async () => {
    const small = await startChat({
      database: fresh(),
      attachments: { folder, bytesPerDay: 25, maxUploads: 2, types: ['image/*'] },
    });
    const { id: channelId } = await small.chat.channels.create(ann!, { type: 'private', members: ['bob'] });
    const begin = (clientId: string, actor = ann!) =>
      small.chat.attachments.begin(actor, { channelId, name: 'a', size: 10, clientId });
    const [first] = [await begin('1'), await begin('2')];
    await expect(begin('3')).rejects.toMatchObject({
      code: 'CHAT_LIMIT_EXCEEDED',
      message: expect.stringContaining('2 uploads') as string,
    });
    await small.chat.attachments.cancel(ann!, { channelId, id: first.id });
    await small.chat.attachments.cancel(ann!, { channelId, id: first.id });
    await expect(begin('3')).rejects.toMatchObject({
      code: 'CHAT_LIMIT_EXCEEDED',
      message: expect.stringContaining('25 bytes') as string,
    });
    const html = { channelId, name: 'image.png', bytes: bytesOf('<script>alert(1)</script>') };
    await expect(small.chat.attachments.upload(bob!, html)).rejects.toMatchObject({
      message: expect.stringContaining('text/plain') as string,
    });
    await small.close();
  });

  it('are deleted with their message, with their user, and a day after an upload that nobody posted', async () => {
    const channelId = await room();
    const upload = (actor = ann!) =>
      attachments.upload(actor, { channelId, name: 'secret.txt', bytes: bytesOf('secret') });
    await attachments.removeOrphans(Date.now() + 2 * DAY_MS);
    const before = await fileCount();
    const gone = chatUser('gone');
    await app.chat.channels.add(ann!, channelId, ['gone']);
    const deleted = await post(channelId, [(await upload()).id]);
    await post(channelId, [(await upload(gone)).id], gone);
    const kept = await post(channelId, [(await upload()).id]);
    await upload();
    await app.chat.messages.delete(ann!, deleted);
    const exported: string[] = [];
    for await (const { kind } of app.chat.privacy.export(gone, 'gone')) exported.push(kind);
    expect(exported).toContain('attachment');
    await app.chat.privacy.erase(chatServer(), 'gone');

    expect((await app.chat.history.get(bob!, deleted)).attachments).toEqual([]);
    expect(await attachments.removeOrphans()).toBe(2);
    expect(await attachments.removeOrphans()).toBe(0);
    expect(await fileCount()).toBe(before + 2);
    expect(await attachments.removeOrphans(Date.now() + 2 * DAY_MS)).toBe(1);
    expect(await fileCount()).toBe(before + 1);
    expect((await app.chat.history.get(bob!, kept)).attachments).toHaveLength(1);
    const rows = await app
      .get(ChatDatabase)
      .read((q) => q.selectFrom('attachments').selectAll().where('channel_id', '=', channelId).execute());
    expect(rows).toHaveLength(1);
  });

  it('of expired and purged messages are deleted too', async () => {
    const short = await startChat({
      database: fresh(),
      types: { private: { keepMs: 1_000 } },
      attachments: { folder },
    });
    const { id: channelId } = await short.chat.channels.create(ann!, { type: 'private' });
    const posted = async () => {
      const { id } = await short.chat.attachments.upload(ann!, { channelId, name: 'a', bytes: bytesOf('x') });
      return short.chat.messages.post(ann!, { channelId, text: 'x', attachmentIds: [id] });
    };
    await short.chat.messages.purge(ann!, await posted());
    await posted();
    expect(await short.chat.privacy.expire(Date.now() + 5_000)).toBe(2);

    expect(await short.chat.attachments.removeOrphans()).toBe(2);
    await short.close();
  });

  it('pass a failure of their storage on, without its text', async () => {
    const file = join(folder, 'no-folder');
    await writeFile(file, '');
    const broken = await startChat({ database: fresh(), attachments: { folder: file } });
    const { id: channelId } = await broken.chat.channels.create(ann!, { type: 'private' });
    await expect(
      broken.chat.attachments.upload(ann!, { channelId, name: 'a', bytes: bytesOf('x') }),
    ).rejects.toMatchObject({
      code: 'CHAT_UNAVAILABLE',
      message: 'The storage of files failed. Try again.',
    });
    await broken.close();
  });
});
