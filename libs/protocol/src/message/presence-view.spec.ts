import { create } from './create.js';
import {
  PresenceJoined,
  PresenceLeft,
  PresenceMembers,
  PresenceUpdated,
  type WatchedMember,
} from './presence-events.js';
import { applyPresence, EMPTY_PRESENCE, type PresenceView } from './presence-view.js';
import { StreamGap } from './stream-gap.js';

const CHANNEL = 'lounge';
const ada = { id: 'ada', userId: 'ada' };
const bob = { id: 'bob', userId: 'bob' };
const cyd = { id: 'cyd', userId: 'cyd' };
const page = (members: readonly WatchedMember[], isFirst: boolean, isLast: boolean) =>
  create(PresenceMembers, { channel: CHANNEL, members, isFirst, isLast });
const viewOf = (...members: WatchedMember[]): PresenceView => ({ members, isComplete: true });
const idsOf = ({ members }: PresenceView) => members.map(({ id }) => id);

describe('applyPresence()', () => {
  it('is complete with the last page, and replaces the former members at the first', () => {
    const half = applyPresence(viewOf(cyd), page([ada], true, false));
    const whole = applyPresence(half, page([bob], false, true));

    expect([idsOf(half), half.isComplete]).toEqual([['ada'], false]);
    expect([idsOf(whole), whole.isComplete]).toEqual([['ada', 'bob'], true]);
  });

  it('starts again when the pages before were cut off', () => {
    const half = applyPresence(EMPTY_PRESENCE, page([ada], true, false));

    expect(applyPresence(half, page([bob], true, true))).toEqual(viewOf(bob));
  });

  it('takes members in and out, and takes a repeated join once', () => {
    const joined = create(PresenceJoined, { channel: CHANNEL, ...bob });
    const both = applyPresence(applyPresence(viewOf(ada), joined), joined);

    expect(idsOf(both)).toEqual(['ada', 'bob']);
    expect(idsOf(applyPresence(both, create(PresenceLeft, { channel: CHANNEL, ...ada })))).toEqual(['bob']);
  });

  it('replaces the data of a member in its place', () => {
    const updated = create(PresenceUpdated, { channel: CHANNEL, ...ada, data: 'busy' });

    expect(applyPresence(viewOf(ada, bob), updated).members).toEqual([{ ...ada, data: 'busy' }, bob]);
  });

  it('tells a user from a connection without a user that has the same id', () => {
    const nobody = { id: 'ada', userId: null };

    expect(applyPresence(viewOf(ada, nobody), create(PresenceLeft, { channel: CHANNEL, ...ada }))).toEqual(
      viewOf(nobody),
    );
  });

  it('returns the same view for another message, and changes nothing in place', () => {
    const view = Object.freeze({ members: Object.freeze([ada]), isComplete: true });

    expect(applyPresence(view, create(StreamGap, { channel: CHANNEL, reason: 'trimmed' }))).toBe(view);
    applyPresence(view, create(PresenceJoined, { channel: CHANNEL, ...bob }));
    expect(view.members).toEqual([ada]);
  });
});
