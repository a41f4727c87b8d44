/**
 * Sends a message to the parent process.
 *
 * @param {unknown} message
 * @throws {Error} when the process was not forked
 */
export function tellParent(message) {
  if (!process.send) throw new Error('This process has no parent to tell.');
  process.send(message);
}
