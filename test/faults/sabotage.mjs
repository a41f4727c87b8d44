// Servers without one of their protections, to show that the checker misses it: what is built is changed as it is
// loaded. `node --import sabotage-hooks.mjs?NAME,…` starts one.

const MESSAGES = 'libs/messages/dist/';
const STREAMS = 'libs/streams/dist/';

/** What each sabotage changes: in a file, some text. It must be there, or the server does not start. */
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
    [`${MESSAGES}reader/channel.readers.js`, 'if (reader?.position &&', 'if (false && reader?.position &&'],
  ],
  /** Nobody notices that what is published does not come back. */
  probe: [[`${MESSAGES}redis/redis.probe.js`, 'if (this.#starved())', 'if (false)']],
  /** Redis does not know again what it has stored. */
  ids: [[`${MESSAGES}redis/history.scripts.js`, 'local at = known[index] or seen[id]', 'local at = nil']],
  /** What was missed while a subscriber was away is not looked for. */
  doubts: [[`${MESSAGES}redis/redis.history.js`, 'this.#sink?.doubted(channels)', 'void 0']],
  /** A message that was handled may be handled again. */
  once: [
    [`${STREAMS}session/session.runtime.js`, 'frame.again || this.endpoint.once?.has(frame.type)', 'false'],
  ],
};

/** What node is started with, so that a process lacks protections. */
export function sabotageOptions(names = []) {
  if (names.length === 0) return [];
  return ['--import', `${new URL('sabotage-hooks.mjs', import.meta.url).href}?${names.join()}`];
}
