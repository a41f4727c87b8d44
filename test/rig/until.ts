/**
 * Waits until a fact holds.
 *
 * @throws {Error} when it does not within the deadline, in milliseconds
 */
export async function until(fact: () => unknown, deadlineMs = 15_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await fact())) {
    if (performance.now() > endMs)
      throw new Error(`Not within ${deadlineMs} ms: ${fact.toString().slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
