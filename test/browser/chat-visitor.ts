import { createStreamClient } from '@nestwire/client';
import { CHAT_MESSAGES, ChatCreate, ChatJoin, ChatPost, type ChatStreams } from '@nestwire/chat/client';
import { create } from '@nestwire/protocol';

/** The user and the token that the server gives to a name. */
export interface VisitorSession {
  readonly token: string;
  readonly user: { readonly id: string; readonly name: string };
}

/** Signs in at a server with a new name. */
export async function signIn(url: string, name: string): Promise<VisitorSession> {
  const response = await fetch(`${url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  return (await response.json()) as VisitorSession;
}

/** A visitor without a browser. */
export type Visitor = ReturnType<typeof openVisitor>;

/** Connects a visitor without a browser. Close its client. */
export async function connectVisitor(url: string, name: string): Promise<Visitor> {
  const visitor = openVisitor(url, await signIn(url, name));
  await visitor.client.connectWebSocket();
  return visitor;
}

function openVisitor(url: string, { token, user }: VisitorSession) {
  const client = createStreamClient<ChatStreams>()({
    url: `${url.replace('http', 'ws')}/streams`,
    messages: CHAT_MESSAGES,
    auth: () => token,
  });
  return { client, user };
}

/** Makes a public room, or joins it, as a member. */
export async function joinRoom({ client }: Visitor, id: string): Promise<void> {
  await client.chatUser.createChannel(create(ChatCreate, { type: 'public', id, name: id }));
  await client.chatUser.setMembership(create(ChatJoin, { channelId: id, isMember: true }));
}

/** Makes a public room with so many messages, by several users because of their rate limits. */
export async function fillRoom(url: string, id: string, count: number): Promise<void> {
  const perUser = 50;
  for (let first = 1; first <= count; first += perUser) {
    const visitor = await connectVisitor(url, `Filler ${first}`);
    await joinRoom(visitor, id);
    const room = visitor.client.chatChannel({ channelId: id });
    for (let at = first; at < first + perUser && at <= count; at++)
      await room.post(create(ChatPost, { clientId: `${id}-${at}`, text: `Line ${at}${tail(at)}` }));
    await visitor.client.close();
  }
}

/** Gives the messages different heights. */
function tail(at: number): string {
  return at % 7 === 0 ? `\n${'and so on '.repeat(40)}` : at % 3 === 0 ? '\nwith a second line' : '';
}
