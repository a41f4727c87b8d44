/**
 * Returns the milliseconds of processor time that a function takes.
 *
 * Unlike the time on a clock, it does not grow with what else the machine does. What runs beside the function in
 * the process, such as a collection of garbage, counts: who compares takes the least of several rounds.
 */
export function cpuMsOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
