// Servers without one of their protections, to show that the checker misses it: what is built is changed as it is
// loaded. `node --import sabotage-hooks.mjs?NAME,…` starts one.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MESSAGES = 'libs/messages/dist/';
const STREAMS = 'libs/streams/dist/';
const CHAT = 'libs/chat/dist/';

/** The changes of each sabotage: a file and a text in it. Without that text the server does not start. */
export const SABOTAGES = {
  /** Messages follow one another by their offsets alone. */
  predecessor: [
    [`${MESSAGES}history/live-rule.js`, 'message.previousId === position.id ?', 'true ?'],
    [`${MESSAGES}history/recovery.js`, ' || message.previousId !== last.id', ''],
    [`${MESSAGES}history/position.js`, ' && a.id === b.id', ''],
  ],
  /** Messages that do not follow are taken all the same. */
  breaks: [[`${MESSAGES}history/live-rule.js`, ": 'break'", ": 'next'"]],
  /** Positions are not compared with their histories. */
  positions: [
    [
      `${MESSAGES}history/channel-followers.js`,
      'if (follower?.position &&',
      'if (false && follower?.position &&',
    ],
  ],
  /** Nobody notices that what is published does not come back. */
  probe: [[`${MESSAGES}redis/connection/redis-probe.js`, 'if (this.isStalled())', 'if (false)']],
  /** Redis does not know again what it has stored. */
  ids: [
    [`${MESSAGES}redis/history/history-scripts.js`, 'local at = known[index] or seen[id]', 'local at = nil'],
  ],
  /** Messages that were missed while a subscriber was away are not read again. */
  doubts: [[`${MESSAGES}redis/history/redis-history-store.js`, 'this.sink?.suspected(channels)', 'void 0']],
  /** Fields that a next version has added are refused. */
  tolerance: [
    [
      `${MESSAGES}redis/history/history-envelope.js`,
      'if (!isHeader(header))',
      'if (!isHeader(header) || header.next)',
    ],
  ],
  /** Durable consumers are not told what they have missed. */
  readerGaps: [
    [`${MESSAGES}redis/history/consumer-scripts.js`, 'if gap then\n  state.g', 'if false then\n  state.g'],
  ],
  /** Nobody takes over what a dead process had in hand. */
  takeover: [
    [`${MESSAGES}redis/history/consumer-scripts.js`, 'if work.dueMs <= nowMs then', 'if false then'],
  ],
  /** The server of a resumable call counts as alive for ever. */
  deaths: [
    [
      `${STREAMS}calls/resumable-calls.js`,
      'this.isHere(key) : this.store.isAlive(owner)',
      'this.isHere(key) : true',
    ],
  ],
  /** A message that was handled may be handled again. */
  once: [
    [
      `${STREAMS}session/session-runtime.js`,
      'frame.redelivered || this.endpoint.once?.has(frame.type)',
      'false',
    ],
  ],
  /** Changes of the chat wait a second for their publication in the memory of their server, not in the database. */
  outbox: [
    [
      `${CHAT}outbox/outbox.js`,
      "await queries.insertInto('outbox').values(rows).execute();",
      'setTimeout(() => (globalThis.unpublished ??= []).push(...rows.map((row) => ({ ...row, outbox_seq: Math.random() }))), 1_000);',
    ],
    [
      `${CHAT}relay/outbox-relay.js`,
      'await this.nextRows();',
      '(globalThis.unpublished ?? []).splice(0, BATCH);',
    ],
    [`${CHAT}relay/outbox-relay.js`, 'await this.lease.acquire();', 'true;'],
    [`${CHAT}relay/outbox-relay.js`, 'await this.remove(done);', ''],
  ],
  /** A client of the chat loads nothing after a gap. */
  gaps: [[`${CHAT}client/live-channel.js`, 'message instanceof StreamGap', 'false']],
  /** A thread on a client of the chat takes none of the events after its page. */
  threadEvents: [
    [
      `${CHAT}client/message-window.js`,
      'if (message.threadSeq !== this.#threadSeq)',
      'if (message.threadSeq !== null || this.#threadSeq !== null)',
    ],
  ],
  /** Nobody ends the growing messages of a server that died. */
  growthLeases: [
    [
      `${CHAT}messages/growth/growth-store.js`,
      'for (const key of expired.filter((one) => !isHere(one)))',
      'for (const key of [])',
    ],
  ],
  /** The cleanup deletes the files of messages, too. */
  fileCleanup: [[`${CHAT}attachments/attachment-cleanup.js`, ".where('a.orphaned_at', 'is not', null)", '']],
  /** The policy lets guests read all channels. */
  guestRights: [
    [
      `${CHAT}policy/default-chat-policy.js`,
      "'channel.read': (subject, resource) => ",
      "'channel.read': (subject, resource) => subject.kind === 'guest' || ",
    ],
  ],
};

/**
 * Additions of a next version, in everything that servers share.
 *
 * They are fields of publications, of stored messages, of heads, of places of durable consumers and of presence, and
 * other scripts.
 */
const ADDITIONS = {
  next: [
    [`${MESSAGES}redis/pubsub/envelope.js`, '`{"v":${VERSION},', '`{"v":${VERSION},"next":{"is":[1]},'],
    [`${MESSAGES}redis/history/history-scripts.js`, '{"v":1,"e":"', '{"v":1,"next":{"is":[1]},"e":"'],
    [`${MESSAGES}redis/history/history-scripts.js`, "',' .. #data .. ']'", `',' .. #data .. ',"next"]'`],
    [
      `${MESSAGES}redis/history/history-scripts.js`,
      "'t', kind, 'd', data)",
      "'t', kind, 'd', data, 'next', '1')",
    ],
    [
      `${MESSAGES}redis/history/history-scripts.js`,
      "'p', last, 'n', name)",
      "'p', last, 'n', name, 'next', '1')",
    ],
    [`${MESSAGES}redis/history/consumer-scripts.js`, "'g', state.g or 0)", "'g', state.g or 0, 'next', '1')"],
    [
      `${MESSAGES}redis/presence/redis-presence-store.js`,
      'JSON.stringify([userId, data])',
      'JSON.stringify([userId, data, 1])',
    ],
  ],
};
/** The names of what makes a server one of a next version. */
export const NEXT_VERSION = Object.keys(ADDITIONS);

/**
 * Everything that may be changed in a server, by name.
 *
 * @type {Readonly<Record<string, readonly (readonly string[])[]>>}
 */
export const CHANGES = { ...SABOTAGES, ...ADDITIONS };

/**
 * Returns the options of node for a process without some protections, or of a next version.
 *
 * @param {readonly string[]} names
 */
export function sabotageOptions(names = []) {
  if (names.length === 0) return [];
  const missing = names.flatMap((name) => CHANGES[name]).filter(([file]) => !existsSync(ROOT + file));
  if (missing.length)
    throw new Error(`There is no ${missing[0][0]} to be sabotaged: build, or rename the file here.`);
  return ['--import', `${new URL('sabotage-hooks.mjs', import.meta.url).href}?${names.join()}`];
}
