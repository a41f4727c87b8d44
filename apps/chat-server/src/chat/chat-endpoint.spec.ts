import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { create } from '@nestwire/protocol';
import { reached, TestServer, type Connect } from '@nestwire/testing';
import { AppModule } from '../app.module.js';
import {
  CHAT_MESSAGES,
  JoinRoom,
  LeaveRoom,
  PrivateMessage,
  RoomMessage,
  SayInRoom,
  SayToPerson,
  WhoIsWhere,
} from '../messages/index.js';
import type { ChatStreams } from '../streams.js';

describe('ChatEndpoint', () => {
  let server: TestServer;
  let connect: Connect<ChatStreams>;

  const enter = async (name: string) => (await connect({ as: { id: name } })).chat;

  beforeAll(async () => {
    server = await TestServer.start(AppModule);
    connect = server.clientsOf<ChatStreams>()({ messages: CHAT_MESSAGES });
  });

  afterAll(() => server?.close());

  it('carries what is said in a room to those who are in it, in the name of who said it', async () => {
    const [ada, grace, joan] = [await enter('Ada'), await enter('Grace'), await enter('Joan')];
    for (const chat of [ada, grace]) await chat.sendStreamMessage(create(JoinRoom, { room: 'engines' }));
    await joan.sendStreamMessage(create(JoinRoom, { room: 'orbits' }));
    await ada.sendStreamMessage(create(SayInRoom, { room: 'engines', text: 'Hi' }));
    expect(await grace.next(RoomMessage)).toMatchObject({ room: 'engines', author: 'Ada', text: 'Hi' });
    await joan.sendStreamMessage(create(SayInRoom, { room: 'orbits', text: 'Mine' }));
    expect(await joan.next(RoomMessage)).toMatchObject({ author: 'Joan', text: 'Mine' });
  });

  it('refuses to speak in a room that one is not in, or no longer in', async () => {
    const ada = await enter('Ada');
    const speak = () => ada.sendStreamMessage(create(SayInRoom, { room: 'vault', text: 'Hi' }));
    await expect(speak()).rejects.toMatchObject({ code: 'NOT_IN_ROOM' });
    await ada.sendStreamMessage(create(JoinRoom, { room: 'vault' }));
    await expect(speak()).resolves.toBeUndefined();
    await ada.sendStreamMessage(create(LeaveRoom, { room: 'vault' }));
    await expect(speak()).rejects.toMatchObject({ code: 'NOT_IN_ROOM' });
  });

  it('refuses to speak in the name of another', async () => {
    const ada = await enter('Ada');
    await ada.sendStreamMessage(create(JoinRoom, { room: 'lobby' }));
    const forged = Object.assign(create(SayInRoom, { room: 'lobby', text: 'Hi' }), { author: 'Grace' });
    await expect(ada.sendStreamMessage(forged)).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [{ path: 'author' }],
    });
  });

  it('carries a private message to every tab of both, and refuses one to somebody who is not here', async () => {
    const [ada, adasOtherTab, grace] = [await enter('Ada'), await enter('Ada'), await enter('Grace')];
    for (const chat of [ada, adasOtherTab, grace]) await chat.open();
    await ada.sendStreamMessage(create(SayToPerson, { recipient: 'Grace', text: 'Psst' }));
    for (const chat of [ada, adasOtherTab, grace])
      expect(await chat.next(PrivateMessage)).toMatchObject({
        author: 'Ada',
        recipient: 'Grace',
        text: 'Psst',
      });
    const toNobody = create(SayToPerson, { recipient: 'Nobody', text: 'Psst' });
    await expect(ada.sendStreamMessage(toNobody)).rejects.toMatchObject({ code: 'NOT_HERE' });
  });

  it('refuses more than 20 rooms, and bad names', async () => {
    const ada = await enter('Ada');
    for (let room = 1; room <= 20; room++)
      await ada.sendStreamMessage(create(JoinRoom, { room: `r${room}` }));
    const oneMore = ada.sendStreamMessage(create(JoinRoom, { room: 'r21' }));
    await expect(oneMore).rejects.toMatchObject({ code: 'TOO_MANY_ROOMS' });
    const bad = ada.sendStreamMessage(create(JoinRoom, { room: 'A room' }));
    await expect(bad).rejects.toMatchObject({ code: 'INVALID_MESSAGE', details: [{ path: 'room' }] });
  });

  it('takes people off the list when their tab is gone', async () => {
    const ada = await enter('Ada');
    const tim = await connect({ as: { id: 'Tim' } });
    await tim.chat.open();
    await ada.next(WhoIsWhere, { where: ({ people }) => people.has('Tim') });
    await tim.close();
    await ada.next(WhoIsWhere, { where: ({ people }) => !people.has('Tim') });
  });

  it('refuses invalid names, and clients without a name', async () => {
    await expect(connect({ auth: () => '<script>' })).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    const nobody = await connect();
    await reached(nobody, 'connected');
    await expect(nobody.chat.open()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
