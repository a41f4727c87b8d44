// Runs the fuzz in a process of its own, and tells as JSON what came of it.
import '@nestwire/protocol/class-transformer';
import { decoderOf } from '../../../libs/protocol/src/compiled/message-decoder.js';
import { writeProperties } from '../../../libs/protocol/src/compiled/message-encoder.js';
import { FastPathChecks } from '../../../libs/streams/src/validation/fast-path-checks.js';
import { compiled } from './differences.js';
import { fuzzInstances, fuzzMessages, totals } from './fuzz.js';
import { shapes } from './shapes.js';

const runs = Number(process.argv[2]);
const messages = await fuzzMessages(compiled, { runs });
const instances = fuzzInstances(compiled, { runs });
const checks = new FastPathChecks(() => undefined);

/** Tells how many classes have what is tried. */
function among(has: (cls: never) => unknown): number {
  return shapes.filter(({ cls }) => {
    try {
      return has(cls as never) !== undefined;
    } catch {
      return false;
    }
  }).length;
}

process.stdout.write(
  JSON.stringify({
    differences: [messages.difference, instances.difference].filter((difference) => difference),
    ...totals(messages.tally),
    classes: {
      decoded: among((cls) => decoderOf(cls)({})),
      checked: among((cls) => checks.of(cls)),
      encoded: among((cls: new () => object) => writeProperties(new cls())),
    },
  }),
);
