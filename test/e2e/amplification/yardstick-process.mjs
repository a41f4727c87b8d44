// A fixed piece of work, in a process that nobody attacks: a busy machine needs more CPU time for it.
import { answerParent } from '../../rig/child.mjs';

const ROUNDS = 6;
const WARM_ROUNDS = 300;
const text = JSON.stringify(Array.from({ length: 2_000 }, (_, count) => ({ name: `item ${count}`, count })));

function work(rounds) {
  let characters = 0;
  for (let round = 0; round < rounds; round++) characters += JSON.stringify(JSON.parse(text)).length;
  return characters;
}

// Nothing is compiled before.
work(WARM_ROUNDS);

answerParent({
  /** Returns the CPU time of the work, in milliseconds. */
  cost() {
    const before = process.cpuUsage();
    work(ROUNDS);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  },
});
