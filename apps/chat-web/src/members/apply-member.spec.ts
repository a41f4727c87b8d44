import { describe, expect, it } from '@jest/globals';
import type { ChatMember } from '@nestwire/chat/client';
import { applyMember } from './apply-member.js';

const member = (id: string, readSeq: number | null): ChatMember => ({
  user: { id, name: id },
  role: 'member',
  state: 'joined',
  readSeq,
});
const two = [member('ada', 3), member('linus', 1)];

describe('A change of a member', () => {
  it('adds a member in the order of the ids', () => {
    const { user } = member('grace', 2);
    const ids = applyMember(two, { userId: 'grace', member: { ...member('grace', 2), user } });

    expect(ids.map(({ user: { id } }) => id)).toEqual(['ada', 'grace', 'linus']);
  });

  it.each([
    [5, 5],
    [2, 3],
    [null, null],
  ])('takes the read pointer %j as %j', (readSeq, expected) => {
    const [ada] = applyMember(two, { userId: 'ada', member: member('ada', readSeq) });

    expect(ada!.readSeq).toBe(expected);
  });

  it('removes a member who has left', () => {
    expect(applyMember(two, { userId: 'ada', member: null })).toEqual([two[1]]);
    expect(applyMember(two, { userId: 'nobody', member: null })).toBe(two);
  });
});
