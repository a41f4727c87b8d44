import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { MessagesModule, MessagesService } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import { everybody } from '../chat/chat-channels.js';
import type { WhoIsWhere } from '../messages/index.js';
import { ChatDirectory, reports } from './chat-directory.js';
import { NodeReport } from './node-report.js';

describe('ChatDirectory', () => {
  let app: TestingModule;
  let directory: ChatDirectory;
  let messages: MessagesService;
  let told: WhoIsWhere[];
  let reported: NodeReport[];

  const reportFrom = (node: string, people: Record<string, string[]>) =>
    messages.postMessage(reports, create(NodeReport, { node, people: new Map(Object.entries(people)) }));

  beforeEach(async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    app = await Test.createTestingModule({
      imports: [MessagesModule.forRoot({ isGlobal: true })],
      providers: [ChatDirectory],
    }).compile();
    await app.init();
    directory = app.get(ChatDirectory);
    messages = app.get(MessagesService);
    told = [];
    reported = [];
    await messages.addListener(everybody, (message) => {
      if (message.$type === 'chat.who-is-where') told.push(message);
    });
    await messages.addListener(reports, (report) => void reported.push(report));
  });

  afterEach(async () => {
    await app.close();
    jest.useRealTimers();
  });

  it('lists somebody with several tabs once, in the rooms of all of them', () => {
    directory.set('s1', { name: 'Ada', rooms: ['lobby'] });
    directory.set('s2', { name: 'Ada', rooms: ['lobby', 'engines'] });
    expect(directory.everybody().people).toEqual(new Map([['Ada', ['lobby', 'engines']]]));
    directory.remove('s2');
    expect(directory.everybody().people).toEqual(new Map([['Ada', ['lobby']]]));
  });

  it('tells clients and servers once of changes that come together', async () => {
    directory.set('s1', { name: 'Ada', rooms: [] });
    directory.set('s1', { name: 'Ada', rooms: ['lobby'] });
    await jest.advanceTimersByTimeAsync(60);
    expect(told.map(({ people }) => [...people])).toEqual([[['Ada', ['lobby']]]]);
    expect(reported).toHaveLength(1);
  });

  it('lists the people of another server, and reports its own to one that is new', async () => {
    directory.set('s1', { name: 'Ada', rooms: [] });
    await jest.advanceTimersByTimeAsync(60);
    await reportFrom('node-2', { Grace: ['lobby'] });
    await jest.advanceTimersByTimeAsync(60);
    expect(directory.has('Grace')).toBe(true);
    expect(reported.filter(({ node }) => node !== 'node-2')).toHaveLength(2);
  });

  it('reports a last time when the server ends', async () => {
    directory.set('s1', { name: 'Ada', rooms: [] });
    await jest.advanceTimersByTimeAsync(60);
    directory.remove('s1');
    await directory.onModuleDestroy();
    expect(reported.map(({ people }) => [...people.keys()])).toEqual([['Ada'], []]);
  });

  it('forgets a server that has been silent for 30 s, and none that still reports', async () => {
    await reportFrom('node-2', { Grace: [] });
    await reportFrom('node-3', { Joan: [] });
    await jest.advanceTimersByTimeAsync(25_000);
    await reportFrom('node-3', { Joan: [] });
    await jest.advanceTimersByTimeAsync(16_000);
    expect([directory.has('Grace'), directory.has('Joan')]).toEqual([false, true]);
  });
});
