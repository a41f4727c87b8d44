import { describe, expect, it } from '@jest/globals';
import type { ChatRoomView } from '@nestwire/chat/client';
import { rightsIn } from './rights.js';

const OPEN = { archivedAt: null, frozenAt: null };

/** Returns the names of what the page offers. */
function offered(rights: object | null, channel: object = OPEN): string[] {
  const all = Object.entries(rightsIn({ rights, channel } as ChatRoomView, 'ada'));
  return all.flatMap(([name, isOffered]) => (isOffered === true ? [name] : []));
}

describe('The page', () => {
  it('offers what the server permits, whatever the role is', () => {
    expect(offered({ actions: ['message.react', 'message.pin'], isModerator: false })).toEqual([
      'canReact',
      'canPin',
    ]);
    expect(offered({ actions: ['message.post'], isModerator: true })).toEqual(['canPost', 'canModerate']);
  });

  it('offers nothing before it knows the rights, or in an archived room', () => {
    expect(offered(null)).toEqual([]);
    const rights = { actions: ['message.post', 'message.edit', 'message.delete'], isModerator: true };
    expect(offered(rights, { ...OPEN, archivedAt: 1 })).toEqual([]);
  });

  it('offers no post in a frozen room', () => {
    const rights = { actions: ['message.post', 'message.edit'], isModerator: false };
    expect(offered(rights, { ...OPEN, frozenAt: 1 })).toEqual(['canEdit']);
  });
});
