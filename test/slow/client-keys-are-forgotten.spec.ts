import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { StreamMessage } from '@nestwire/protocol';
import { Type } from '@nestwire/protocol/class-transformer';
import { decodeCompiled, encodingOf } from '@nestwire/protocol/compiled';
import '../rig/message-libraries.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const KIB = 1_024;
const NAMES = 64;
const NAME_LENGTH = 64 * KIB;
/** V8 keeps the hidden classes of dead objects, which have names, for some collections. */
const COLLECTIONS = 4;
const RETAINED_BYTES = NAMES * NAME_LENGTH;

class Author {
  name?: unknown;
}

@StreamMessage('keys.note')
class Note {
  declare readonly $type: 'keys.note';
  @Type(() => Author) author?: Author;
}

let next = 0;

/** Makes data with a long key that was never used before. */
function keyed(): object {
  return { [`${next++}`.padStart(NAME_LENGTH, 'k')]: 1 };
}

/** Returns by how many bytes the heap is larger after some work. */
function retainedBy(work: () => void): number {
  // Code that the first runs compile and cache is no part of the figure.
  for (let warm = 0; warm < 3; warm += 1) work();
  const before = heapAfterCollection();
  for (let run = 0; run < NAMES; run += 1) work();
  return heapAfterCollection() - before;
}

function heapAfterCollection(): number {
  for (let collection = 0; collection < COLLECTIONS; collection += 1) collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('Keys that a client chose', () => {
  it('are forgotten with their message, in its own properties and in nested ones', () => {
    const retained = retainedBy(() => {
      decodeCompiled(Note, keyed());
      decodeCompiled(Note, { author: keyed() });
    });

    expect(retained).toBeLessThan(RETAINED_BYTES / 4);
  });

  it('are forgotten when their message is written', () => {
    const retained = retainedBy(() => {
      const note = decodeCompiled(Note, { author: keyed() });
      encodingOf(note);
      encodingOf(
        decodeCompiled(Note, { author: { ...keyed(), bytes: { $bytes: 'AAEC' }, any: { $set: [1] } } }),
      );
    });

    expect(retained).toBeLessThan(RETAINED_BYTES / 4);
  });

  it('would show in the figure if they were kept', () => {
    const kept: object[] = [];

    expect(retainedBy(() => kept.push(keyed()))).toBeGreaterThan(RETAINED_BYTES / 2);
    expect(kept.length).toBeGreaterThan(NAMES);
  });
});
