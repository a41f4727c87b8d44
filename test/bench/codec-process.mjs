// Decodes and encodes without any server, in a process of its own.
import { isDeepStrictEqual } from 'node:util';
import { answerParent } from '../rig/child.mjs';
import { BAD_NOTE, NOTE } from './note.mjs';

const BATCH = 50;
let run;

answerParent({
  async start({ codecFile, classes, kind }) {
    const codec = await import(`./peers/${codecFile}`);
    if (classes) {
      const { declareClasses } = await import('./peers/many-classes.mjs');
      declareClasses(classes);
    }
    check(codec);
    const note = codec.decode(codec.data);
    run = kind === 'decode' ? () => codec.decode(codec.data) : () => codec.encode(note);
  },
  round({ ms }) {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    let messages = 0;
    let now = startedAt;
    for (; now < startedAt + ms; now = performance.now()) {
      for (let left = BATCH; left > 0; left--) run();
      messages += BATCH;
    }
    const { user, system } = process.cpuUsage(before);
    const seconds = (now - startedAt) / 1_000;
    return { messages, seconds, perSecond: messages / seconds, cpuUs: (user + system) / messages };
  },
});

/** Proves that it does what is measured: reads what is right, refuses what is wrong, writes what it read. */
function check({ data, decode, encode }) {
  const note = decode(data);
  if (!(note.sentAt instanceof Date)) throw new Error('The date is none.');
  const written = JSON.parse(encode(note));
  const sentAt = written.sentAt.$date ?? written.sentAt;
  if (!isDeepStrictEqual({ ...written, sentAt }, NOTE)) throw new Error('Not what was read.');
  try {
    decode({ ...data, text: BAD_NOTE.text });
  } catch {
    return;
  }
  throw new Error('A bad message was not refused.');
}
