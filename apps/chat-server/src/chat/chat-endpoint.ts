import { MessagesService } from '@nestwire/messages';
import { CodedError, create } from '@nestwire/protocol';
import { OnStreamMessage, OnStreamOpened, StreamEndpoint, UserObject } from '@nestwire/streams';
import { ChatDirectory } from '../directory/chat-directory.js';
import {
  JoinRoom,
  LeaveRoom,
  PrivateMessage,
  RoomMessage,
  SayInRoom,
  SayToPerson,
  WhoIsWhere,
} from '../messages/index.js';
import { everybody, room, user, type ChatSession } from './chat-channels.js';
import { Visitor } from './visitor.js';

/** Rooms, private messages and announcements, for users with a name. */
@StreamEndpoint('chat', { requireLogin: true })
export class ChatEndpoint {
  constructor(
    private readonly messages: MessagesService,
    private readonly directory: ChatDirectory,
  ) {}

  @OnStreamOpened()
  async opened(session: ChatSession): Promise<WhoIsWhere> {
    await session.subscribe(everybody);
    await session.messages.addListener(user(session.user.id), (message: PrivateMessage) =>
      session.sendStreamMessage(message),
    );
    this.directory.set(session.id, { name: session.user.id, rooms: [] });
    return this.directory.everybody();
  }

  @OnStreamMessage(JoinRoom)
  async onJoin(_session: ChatSession, joined: JoinRoom, @UserObject() visitor: Visitor): Promise<void> {
    await visitor.join(joined.room);
  }

  @OnStreamMessage(LeaveRoom)
  onLeave(_session: ChatSession, left: LeaveRoom, @UserObject() visitor: Visitor): void {
    visitor.leave(left.room);
  }

  @OnStreamMessage(SayInRoom)
  async onSayInRoom(session: ChatSession, said: SayInRoom, @UserObject() visitor: Visitor): Promise<void> {
    if (!visitor.isIn(said.room)) throw new CodedError('NOT_IN_ROOM', `Join #${said.room} to speak there.`);
    const message = create(RoomMessage, { room: said.room, author: session.user.id, text: said.text });
    await this.messages.postMessage(room(said.room), message);
  }

  @OnStreamMessage(SayToPerson)
  async onSayToPerson(session: ChatSession, { recipient, text }: SayToPerson): Promise<void> {
    if (!this.directory.has(recipient))
      throw new CodedError('NOT_HERE', `${recipient} is not here right now.`);
    const author = session.user.id;
    const message = create(PrivateMessage, { author, recipient, text });
    for (const name of new Set([author, recipient])) await this.messages.postMessage(user(name), message);
  }
}
