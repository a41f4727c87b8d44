// Compiled, not run: what the types of audiences and of closed streams accept, and what they refuse.
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import { StreamSession, StreamsService } from '@nestwire/streams';

@StreamMessage('audiences.types.said')
class Said {
  declare readonly $type: 'audiences.types.said';
  text!: string;
}

class RoomParams {
  roomId!: string;
  page?: number;
}

const kept = defineChannel('audiences.types', { messages: [Said], history: { messages: 1, ageMs: 1_000 } });

type User = { id: string };

export async function posts(
  messages: MessagesService,
  session: StreamSession<Said, User, RoomParams>,
): Promise<void> {
  const said = create(Said, { text: 'hello' });
  await messages.postMessage('plain', said, { except: session, scope: 'local' });
  await messages.postMessage(kept, said, { except: session, id: 'one' });
  // @ts-expect-error a user is no session
  await messages.postMessage('plain', said, { except: session.user });
  // @ts-expect-error the id of a session is no session
  await messages.postMessage(kept, said, { except: session.id });
}

export async function services(streams: StreamsService, params: RoomParams): Promise<void> {
  await streams.close({ endpoint: 'room' });
  await streams.close({ endpoint: 'room', params, userId: 'ada' }, 'Out.');
  await streams.close({ endpoint: 'room', params: { roomId: 'a' }, sessionId: 'x' });
  // @ts-expect-error names no endpoint
  await streams.close({ userId: 'ada' });
  // @ts-expect-error a parameter is flat
  await streams.close({ endpoint: 'room', params: { roomId: { id: 'a' } } });
  await streams.sendToUser('room', 'ada', create(Said, { text: 'hello' }));
  // @ts-expect-error is no message
  await streams.sendToUser('room', 'ada', { text: 'hello' });
}
