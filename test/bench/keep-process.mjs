// Keeps messages, in this process or in Redis, without any server.
import { randomUUID } from 'node:crypto';
import { answerParent } from '../rig/child.mjs';
import { collectGarbage } from './collect-garbage.mjs';
import { NOTE, textOf } from './note.mjs';

const WARM_UP_CHANNELS = 5;
let keeper;
let perChannel;

answerParent({
  async start({ keeperFile, messages, ...setup }) {
    const { openKeeper } = await import(`./peers/${keeperFile}`);
    perChannel = messages;
    keeper = await openKeeper({ messages, ...setup });
    // The first channels pay for everything that is made once.
    await keepIn('warm-up', WARM_UP_CHANNELS);
    return { payloadBytes: Buffer.byteLength(textOf(newNote())) };
  },
  keep: ({ channels }) => keepIn('room', channels),
  /** Lets go of what is kept for a while alone. */
  forget: () => keeper.forget(),
  /** Bytes in use in this process, when what could be collected was. Needs --expose-gc. */
  async usedBytes() {
    await collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
});

/** Fills channels to their length, and proves that they have what they should. */
async function keepIn(name, channels) {
  for (let index = 0; index < channels; index++) {
    const channel = `${name}-${index}`;
    const notes = Array.from({ length: perChannel }, newNote);
    await keeper.keep(channel, notes);
    const texts = await keeper.read(channel);
    const isSame = texts.length === perChannel && texts.at(-1) === textOf(notes.at(-1));
    if (!isSame) throw new Error(`${channel} keeps ${texts.length} messages, the last one ${texts.at(-1)}`);
  }
}

const newNote = () => ({ ...NOTE, id: randomUUID() });
