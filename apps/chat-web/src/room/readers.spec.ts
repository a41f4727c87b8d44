import { describe, expect, it } from '@jest/globals';
import type { ChatItem, ChatMember } from '@nestwire/chat/client';
import { readersOf } from './readers.js';

const item = (seq: number, author: string) =>
  ({ key: `m${seq}`, state: 'stored', message: { seq, author: { id: author, name: author } } }) as ChatItem;
const items = [item(5, 'ada'), item(6, 'ada'), item(8, 'grace')];
const member = (id: string, readSeq: number | null): ChatMember => ({
  user: { id, name: id },
  role: 'member',
  state: 'joined',
  readSeq,
});
const namesAt = (members: readonly ChatMember[]) =>
  [...readersOf(items, members, 'ada')].map(([key, users]) => [key, users.map(({ id }) => id)]);

describe('The readers of messages', () => {
  it('stand at the last message that they have read', () => {
    expect(namesAt([member('linus', 7), member('seun', 6), member('mara', 20)])).toEqual([
      ['m6', ['linus', 'seun']],
      ['m8', ['mara']],
    ]);
  });

  it.each([
    ['the own user', member('ada', 8)],
    ['a member without a pointer', member('linus', null)],
    ['a member who has read nothing', member('linus', 0)],
    ['a pointer before the loaded messages', member('linus', 4)],
    ['the author of the message', member('grace', 8)],
  ])('leave out %s', (_name, left) => {
    expect(namesAt([left])).toEqual([]);
  });
});
