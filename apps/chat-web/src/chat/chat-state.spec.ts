import { describe, expect, it } from '@jest/globals';
import {
  chatReducer,
  conversationOf,
  membersOf,
  peopleOf,
  roomsOf,
  startingState,
  type ChatEvent,
  type Received,
} from './chat-state.js';
import { groupEntries } from './conversation.js';

const NOON = new Date('2026-11-23T12:00:00Z');
const minutesLater = (minutes: number) => new Date(NOON.getTime() + minutes * 60_000);

const inRoom = (room: string, author: string, text = 'Hi', sentAt = NOON): Received => ({
  $type: 'chat.room-message',
  room,
  author,
  text,
  sentAt,
});

const toPerson = (author: string, recipient: string): Received => ({
  $type: 'chat.private-message',
  author,
  recipient,
  text: 'Psst',
  sentAt: NOON,
});

const whoIsWhere = (people: Record<string, string[]>): Received => ({
  $type: 'chat.who-is-where',
  people: new Map(Object.entries(people)),
});

const after = (...events: (ChatEvent | Received)[]) =>
  events
    .map((event): ChatEvent => ('kind' in event ? event : { kind: 'received', message: event }))
    .reduce(chatReducer, startingState('Ada'));

describe('chatReducer', () => {
  it('counts what arrives elsewhere as unread until it is shown', () => {
    const shown = { kind: 'shown', conversation: '#engines' } as const;
    const back = { kind: 'shown', conversation: '#lobby' } as const;
    const state = after(shown, back, inRoom('engines', 'Grace'), inRoom('engines', 'Grace'));
    expect(conversationOf(state, '#engines').unread).toBe(2);
    expect(conversationOf(chatReducer(state, shown), '#engines').unread).toBe(0);
  });

  it('counts neither what is on screen nor what oneself said', () => {
    const state = after(inRoom('lobby', 'Grace'), inRoom('engines', 'Ada'));
    expect(conversationOf(state, '#lobby').unread).toBe(0);
    expect(conversationOf(state, '#engines').unread).toBe(0);
  });

  it('files private messages of both people under the other person', () => {
    const state = after(toPerson('Grace', 'Ada'), toPerson('Ada', 'Grace'));
    expect(conversationOf(state, '@Grace').entries.map(({ author }) => author)).toEqual(['Grace', 'Ada']);
  });

  it('offers joined rooms first, then those of others', () => {
    const state = after(whoIsWhere({ Grace: ['zoo', 'lobby'], Joan: ['arts'] }));
    expect(roomsOf(state)).toEqual(['lobby', 'arts', 'zoo']);
    expect(membersOf(state, 'lobby')).toEqual(['Grace']);
  });

  it('keeps somebody in the list after they left, while there is a conversation', () => {
    const state = after(
      whoIsWhere({ Ada: [], Grace: [], Joan: [] }),
      toPerson('Grace', 'Ada'),
      whoIsWhere({ Ada: [] }),
    );
    expect(peopleOf(state)).toEqual(['Grace']);
  });

  it('shows the first room that is left after leaving the one on screen', () => {
    const state = after({ kind: 'shown', conversation: '#engines' }, { kind: 'left', room: 'engines' });
    expect(state).toMatchObject({ current: '#lobby', joined: ['lobby'] });
  });

  it('keeps the last 500 entries of a conversation', () => {
    const state = after(
      ...Array.from({ length: 501 }, (_, index) => inRoom('lobby', 'Grace', String(index))),
    );
    const { entries } = conversationOf(state, '#lobby');
    expect([entries.length, entries[0].text, entries.at(-1)!.text]).toEqual([500, '1', '500']);
  });
});

describe('groupEntries', () => {
  it('puts together what one author said within five minutes', () => {
    const state = after(
      inRoom('lobby', 'Grace', 'a', minutesLater(0)),
      inRoom('lobby', 'Grace', 'b', minutesLater(4)),
      inRoom('lobby', 'Grace', 'c', minutesLater(5)),
      inRoom('lobby', 'Joan', 'd', minutesLater(5)),
    );
    const groups = groupEntries(conversationOf(state, '#lobby').entries);
    expect(groups.map(({ entries }) => entries.map(({ text }) => text).join(''))).toEqual(['ab', 'c', 'd']);
  });
});
