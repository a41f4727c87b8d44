import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Reads the logs that the processes of a run wrote: one event a line, one file a process.
 *
 * @param {string} directory
 * @returns {import('./check.mjs').LogEvent[]} of all processes, by time; those of one process in its order
 */
export function readLog(directory) {
  const files = readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
  return files
    .flatMap((name) => eventsOf(readFileSync(join(directory, name), 'utf8'), name))
    .toSorted((a, b) => a.at - b.at);
}

/** A process that was killed may have left half of its last line. */
function eventsOf(text, name) {
  const lines = text.split('\n');
  const last = lines.pop();
  const whole = lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  if (last) console.warn(`${name} ends with a part of a line, which is left out.`);
  return whole;
}
