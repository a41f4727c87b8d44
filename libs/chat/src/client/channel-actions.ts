import { create } from '@nestwire/protocol';
import { ChatLoadMembers, ChatSetMember, ChatSetPreferences, ChatUpdate } from '../wire/channel-requests.js';
import { ChatLoadPinned, ChatLoadThreads, ChatLoadVersions, ChatReport } from '../wire/history-requests.js';
import type { ChatRoom, ChatTimeline } from './chat-face.js';
import type { LiveChannel } from './live-channel.js';

/** The calls of a channel that change no timeline. */
export type ChannelActions = Omit<ChatRoom, keyof ChatTimeline | 'thread'>;

/** Makes the calls of a channel that change no timeline. */
export function channelActions(live: LiveChannel): ChannelActions {
  const { calls } = live;
  return {
    loadMembers: (request) => calls.loadMembers(create(ChatLoadMembers, { ...request } as ChatLoadMembers)),
    setMember: (userId, role) => calls.setMember(create(ChatSetMember, { userId, role } as ChatSetMember)),
    invite: (userId) =>
      calls.setMember(create(ChatSetMember, { userId, role: 'member', isInvitation: true })),
    update: async (changes) => live.become(await calls.update(create(ChatUpdate, changes as ChatUpdate))),
    setPreferences: async (preferences) =>
      live.become(await calls.setPreferences(create(ChatSetPreferences, preferences as ChatSetPreferences))),
    report: (seq, reason) => calls.report(create(ChatReport, { seq, reason })),
    loadThreads: (request) => calls.loadThreads(create(ChatLoadThreads, { ...request } as ChatLoadThreads)),
    loadPinned: async () => (await calls.loadPinned(create(ChatLoadPinned, {}))).messages,
    loadVersions: async (seq) => (await calls.loadVersions(create(ChatLoadVersions, { seq }))).versions,
  };
}
