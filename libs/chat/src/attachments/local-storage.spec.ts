import { describeFileStorage } from '@nestwire/testing';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFileStorage } from './local-storage.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestwire-files-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeFileStorage('A folder', () => new LocalFileStorage(join(folder, 'files')));

describe('The storage of files in a folder', () => {
  it.each(['../x', '..', 'a/b', 'a\\b', '/etc/passwd', 'C:x', '', 'aa\0', '.hidden', 'x'.repeat(99)])(
    'takes no key like %j',
    async (key) => {
      const storage = new LocalFileStorage(join(folder, 'inner'));
      await expect(storage.write(key, 0, new Uint8Array([1]))).rejects.toThrow('The key of a file');
      await expect(storage.complete(key, 1)).rejects.toThrow('The key of a file');
      await expect(storage.delete(key)).rejects.toThrow('The key of a file');
      expect(() => storage.read(key)).toThrow('The key of a file');
      expect(await readdir(folder)).not.toContain('inner');
    },
  );
});
