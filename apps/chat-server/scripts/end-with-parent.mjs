import { spawn } from 'node:child_process';

/**
 * Ends a process when this one is gone, also after SIGKILL, so that a crash leaves no process behind.
 *
 * A shell of its own process group waits for the end of a pipe that only this process holds. Without `/bin/sh`, as
 * on Windows, there is no such protection.
 *
 * @param {import('node:child_process').ChildProcess | number} child a child process, or the id of one
 * @param {'TERM' | 'INT'} signal
 * @returns {() => void} ends the protection: call it when the process has ended
 */
export function endWithThis(child, signal) {
  const pid = typeof child === 'number' ? child : child.pid;
  const shell = spawn('/bin/sh', ['-c', 'read _; kill -s "$0" "$1"', signal, `${pid}`], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.once('error', () => undefined);
  shell.stdin.once('error', () => undefined);
  shell.unref();
  const release = () => void shell.kill('SIGKILL');
  if (typeof child !== 'number') child.once('exit', release);
  return release;
}
