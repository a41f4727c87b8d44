import { jest } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { MessagesModule } from '@nestwire/messages';
import type { AddressInfo, Server } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageOf, itWithSharp, sizeOf } from '../../../../test/rig/images.js';
import { TestUsers } from '../../../../test/rig/chat-app.js';
import { ChatModule } from '../chat.module.js';
import { ChatService } from '../chat.service.js';
import { chatUser } from '../policy/chat-actor.js';

const ann = chatUser('ann');
const DAY_MS = 86_400_000;

describe.each(['Express', 'Fastify'])('The route of files over %s', (framework) => {
  let folder: string;
  let app: INestApplication;
  let chat: ChatService;
  let port: number;
  let channelId: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestwire-files-'));
    const chatModule = ChatModule.forRoot({
      users: TestUsers,
      database: { file: join(folder, 'chat.sqlite') },
      attachments: { folder: join(folder, 'files') },
      limits: { changesPerWindow: 1_000 },
    });
    const testing = await Test.createTestingModule({
      imports: [MessagesModule.forRoot({}), chatModule],
    }).compile();
    app =
      framework === 'Express'
        ? testing.createNestApplication()
        : testing.createNestApplication(new FastifyAdapter());
    app.setGlobalPrefix('api');
    await app.listen(0, '127.0.0.1');
    ({ port } = (app.getHttpServer() as Server).address() as AddressInfo);
    chat = app.get(ChatService);
    channelId = (await chat.channels.create(ann, { type: 'private' })).id;
  });
  afterAll(async () => {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  });

  const upload = (name: string, bytes: Uint8Array) =>
    chat.attachments.upload(ann, { channelId, name, bytes });
  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  /** Sends a path as it is, which `fetch` would clean before. */
  const rawStatus = (path: string) =>
    new Promise<number>((resolve, reject) => {
      request({ port, host: '127.0.0.1', path }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      })
        .on('error', reject)
        .end();
    });

  itWithSharp('sends an image and its preview, to be shown and kept', async () => {
    const bytes = await imageOf(900, 9).png().toBuffer();
    const { url, previewUrl } = await upload('Ünicode "a".png', bytes);
    const response = await get(url);

    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': `${bytes.length}`,
      'content-disposition': "inline; filename*=UTF-8''%C3%9Cnicode%20_a_.png",
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'accept-ranges': 'bytes',
    });
    const [, maxAgeS] = /^private, max-age=(\d+), immutable$/.exec(response.headers.get('cache-control')!)!;
    expect(Number(maxAgeS)).toBeGreaterThan(43_000);
    const preview = await get(previewUrl!);
    expect(preview.headers.get('content-type')).toBe('image/webp');
    expect(await sizeOf(Buffer.from(await preview.arrayBuffer()))).toMatchObject({ width: 640 });
    const again = await get(url, { headers: { 'if-none-match': response.headers.get('etag')! } });
    expect(again.status).toBe(304);
    const head = await get(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      `${bytes.length}`,
      '',
    ]);
  });

  it.each([
    ['page.html', '<!doctype html><script>alert(1)</script>'],
    ['image.png', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ['script.js', 'alert(1)'],
  ])('lets a browser save %s, and never run it', async (name, content) => {
    const { url } = await upload(name, Buffer.from(content));
    const response = await get(url);

    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename*=UTF-8''${name}`);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toBe(content);
  });

  it('sends ranges, for players of videos', async () => {
    const { url } = await upload('a.txt', Buffer.from('0123456789'));
    const range = async (header: string) => {
      const response = await get(url, { headers: { range: header } });
      return [response.status, response.headers.get('content-range'), await response.text()];
    };

    expect(await range('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234']);
    expect(await range('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await range('bytes=10-')).toEqual([416, 'bytes */10', '']);
    expect(await range('bytes=0-1,3-4')).toEqual([200, null, '0123456789']);
  });

  it('sends nothing at a forged, changed or old address, and at that of another file', async () => {
    const [one, two] = [await upload('a', Buffer.from('one')), await upload('a', Buffer.from('two'))];
    const [path, query] = one.url.split('?') as [string, string];
    const expires = Number(new URLSearchParams(query).get('expires'));
    const status = async (target: string) => (await get(target)).status;

    expect(await status(one.url)).toBe(200);
    for (const forged of [
      path,
      `${path}?expires=${expires}&signature=`,
      `${path}?${query.slice(0, -1)}`,
      `${path}?${query.replace(`${expires}`, `${expires + DAY_MS}`)}`,
      `${path}?${query.replace(`${expires}`, 'NaN')}`,
      `${path}/preview?${query}`,
      `${two.url.split('?')[0]}?${query}`,
      `${path.replace('default', 'other')}?${query}`,
    ])
      expect([forged, await status(forged)]).toEqual([forged, 403]);
    jest.useFakeTimers({
      now: expires,
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'setInterval', 'queueMicrotask'],
    });
    expect(await status(one.url)).toBe(403);
    jest.useRealTimers();
  });

  it('finds no file by tricks with the path', async () => {
    const { url } = await upload('a', Buffer.from('x'));
    const query = url.split('?')[1];
    for (const path of [
      '/chat/files/../../etc/passwd',
      '/chat/files/default/..%2f..%2fchat.sqlite',
      '/chat/files/..%2f..%2f/x',
      '/chat/files/default/%00',
      '/chat/files/%2e%2e/%2e%2e',
      '/chat/files/default/' + 'a'.repeat(5_000),
      '/chat/files/default/AAAAAAAAAAAAAAAAAAAAAA/../..',
    ])
      expect([400, 403, 404, 414]).toContain(await rawStatus(`${path}?${query}`));
    expect((await get(url)).status).toBe(200);
  });

  it('sends no file that is incomplete, given up, or of a deleted message', async () => {
    const { id, url } = await upload('a', Buffer.from('x'));
    const message = await chat.messages.post(ann, { channelId, text: '', attachmentIds: [id] });
    expect((await get(url)).status).toBe(200);
    await chat.messages.delete(ann, message);
    expect((await get(url)).status).toBe(404);
  });
});
