import { constants, createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ChatFileStorage, type ByteRange } from './file-storage.js';

const KEY = /^[A-Za-z0-9_-]{2,40}(\.[a-z]{1,20})?$/;

/** Stores files in a folder, which several servers may share. */
export class LocalFileStorage extends ChatFileStorage {
  constructor(private readonly folder: string) {
    super();
  }

  async write(key: string, offset: number, slice: Uint8Array): Promise<void> {
    const path = `${this.pathOf(key)}.part`;
    await mkdir(dirname(path), { recursive: true });
    // The file is opened for each slice: a slice that comes after the completion reaches no complete file.
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      await file.write(slice, 0, slice.length, offset);
    } finally {
      await file.close();
    }
  }

  async complete(key: string, size: number): Promise<void> {
    const path = this.pathOf(key);
    try {
      if (!(await isFile(path))) await finish(path, size);
    } catch (error) {
      // Another server has completed it meanwhile.
      if (!(await isFile(path))) throw error;
    }
  }

  read(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    return createReadStream(this.pathOf(key), range) as AsyncIterable<Uint8Array>;
  }

  async delete(key: string): Promise<void> {
    const path = this.pathOf(key);
    await rm(path, { force: true });
    await rm(`${path}.part`, { force: true });
  }

  private pathOf(key: string): string {
    if (!KEY.test(key)) throw new Error('The key of a file has other characters than the chat uses.');
    return join(this.folder, key.slice(0, 2), key);
  }
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** The bytes are on the disk before the file has its name. */
async function finish(path: string, size: number): Promise<void> {
  const file = await open(`${path}.part`, 'r+');
  try {
    const { size: written } = await file.stat();
    if (written < size) throw new Error(`The file has ${written} of ${size} bytes.`);
    await file.truncate(size);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}
