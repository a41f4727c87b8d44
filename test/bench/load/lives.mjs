import { Round } from './round.mjs';
import { required } from '../../rig/required.mjs';

/**
 * Lets connections come, be greeted and go; its messages are connections, its latency the time to the greeting.
 *
 * @param {import('./load-process.mjs').Load} load
 */
export async function driveLives({ join, workload }) {
  const first = await join(0);
  await first.close();
  return (ms) => {
    const round = new Round(ms);
    const live = async () => {
      do await liveOnce(join, round);
      while (round.goesOn(performance.now()));
    };
    for (let left = required(workload.inFlight, 'number of lives'); left > 0; left--)
      live().catch((error) => round.fail(error));
    return round.done;
  };
}

async function liveOnce(join, round) {
  round.inFlight++;
  const startedAt = performance.now();
  const connection = await join(0);
  round.latencies.add(performance.now() - startedAt);
  await connection.close();
  round.messages++;
  round.inFlight--;
}
