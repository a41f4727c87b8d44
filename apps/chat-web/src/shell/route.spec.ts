import { describe, expect, it } from '@jest/globals';
import { formatRoute, parseRoute, type Route } from './route.js';

const ROUTES: readonly Route[] = [
  { channelId: null, panel: null, seq: null },
  { channelId: 'lobby', panel: null, seq: null },
  { channelId: 'a.b-c_d', panel: { kind: 'thread', seq: 12 }, seq: 7 },
  { channelId: 'lobby', panel: { kind: 'members' }, seq: null },
  { channelId: 'lobby', panel: { kind: 'search', text: 'fog & rain?' }, seq: null },
];

describe('A route', () => {
  it.each(ROUTES)('is the same after it was in the address: %j', (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  it.each(['', '#', '#/else/x', '#/channel/', '#/?message=-1&panel=thread', '#/?panel=?'])(
    'is empty for what it does not know: %s',
    (hash) => {
      expect(parseRoute(hash)).toEqual({ channelId: null, panel: null, seq: null });
    },
  );
});
