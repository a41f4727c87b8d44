import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BYTES = 32;

/** Returns the secret of a folder. The first server makes it; the servers of one folder share it. */
export function tokenSecret(folder: string): Buffer {
  const file = join(folder, 'token-secret');
  try {
    writeFileSync(file, randomBytes(BYTES).toString('hex'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const secret = Buffer.from(readFileSync(file, 'utf8'), 'hex');
  if (secret.length === BYTES) return secret;
  throw new Error(`${file} is damaged. Delete it; everybody then signs in again.`);
}
