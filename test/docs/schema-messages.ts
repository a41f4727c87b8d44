// The code of docs/messages.md about messages of a schema; compiled with the tests, and run by schema-messages.spec.ts.
// #region define
import { create, createAsync, defineMessage, type MessageOf } from '@nestwire/protocol';
import { z } from 'zod';

export const Say = defineMessage(
  'room.say',
  z.strictObject({ text: z.string().max(2_000), tags: z.array(z.string()).max(20).default([]) }),
);
export type Say = MessageOf<typeof Say>;
// #endregion define

// #region handle
import { OnStreamMessage, StreamEndpoint, StreamSession } from '@nestwire/streams';

@StreamEndpoint('room')
export class RoomEndpoint {
  @OnStreamMessage(Say)
  say(_session: StreamSession<Say>, message: Say): Say {
    return create(Say, { ...message, tags: ['heard'] });
  }
}
// #endregion handle

export interface Names {
  isFree(name: string): Promise<boolean>;
}

// #region async
import * as v from 'valibot';

export function defineRename(names: Names) {
  return defineMessage(
    'room.rename',
    v.objectAsync({
      name: v.pipeAsync(
        v.string(),
        v.maxLength(64),
        v.checkAsync((name) => names.isFree(name), 'The name is taken.'),
      ),
    }),
  );
}

export async function rename(names: Names, name: string): Promise<object> {
  return createAsync(defineRename(names), { name });
}
// #endregion async
