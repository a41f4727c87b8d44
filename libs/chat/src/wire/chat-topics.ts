import { defineChannel } from '@nestwire/messages';
import { createHash } from 'node:crypto';
import { ChatTypingEvent } from './chat-replies.js';
import { ChatGrowth } from './growth-events.js';
import { ChatChange, ChatWake } from './change-events.js';
import {
  ChatChannelEvent,
  ChatMemberEvent,
  ChatMembershipEvent,
  ChatMessageEvent,
  ChatThreadEvent,
} from './chat-events.js';

/** The events that the history of a room has at least. */
export const ROOM_EVENTS = 500;
/** The lifetime of the history of a room after its last event, in milliseconds. */
export const ROOM_AGE_MS = 600_000;
const A_DAY_MS = 86_400_000;

const room = defineChannel('nestwire-chat', {
  messages: [ChatMessageEvent, ChatChannelEvent, ChatMemberEvent],
  history: { messages: ROOM_EVENTS, ageMs: ROOM_AGE_MS },
});

const inbox = defineChannel('nestwire-chat-user', {
  messages: [ChatMembershipEvent, ChatThreadEvent],
  history: { messages: 100, ageMs: ROOM_AGE_MS },
});

const live = defineChannel('nestwire-chat-live', { messages: [ChatTypingEvent, ChatGrowth] });

const changes = defineChannel('nestwire-chat-changes', {
  messages: [ChatChange],
  history: { messages: 100_000, ageMs: A_DAY_MS },
});

/** The channel of nestwire that has the events of one chat channel. */
export function chatRoom(tenant: string, channelId: string) {
  return room(tenant, channelId);
}

/**
 * The channel of nestwire that has what is not stored in one chat channel.
 *
 * It tells who types, and has the pieces of growing messages.
 */
export function chatLive(tenant: string, channelId: string) {
  return live(tenant, channelId);
}

/** The channel of nestwire that has the events for one user. */
export function chatInbox(tenant: string, userId: string) {
  return inbox(tenant, createHash('sha256').update(userId).digest('base64url'));
}

/**
 * The channel of nestwire that has all changes of a tenant.
 *
 * It is for durable consumers of the server. It stores at least 100,000 changes, for a day.
 */
export function chatChanges(tenant: string) {
  return changes(tenant);
}

/** Reaches the server that relays, from servers that have stored changes. */
export const chatWake = defineChannel('nestwire-chat-wake', { messages: [ChatWake] });
