interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A storage of files, such as a `ChatFileStorage`. */
export interface FileStorage {
  write(key: string, offset: number, slice: Uint8Array): Promise<void>;
  complete(key: string, size: number): Promise<void>;
  read(key: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  delete(key: string): Promise<void>;
}

/**
 * Describes the behaviour of every storage of files; runs under jest and compatible test runners.
 *
 * @param open makes a storage
 */
export function describeFileStorage(name: string, open: () => FileStorage | Promise<FileStorage>): void {
  describe(`${name} as a storage of files`, () => {
    let storage: FileStorage;
    let key: string;
    let count = 0;
    beforeEach(async () => {
      storage = await open();
      key = `contract-${process.pid}-${Date.now()}-${++count}`;
    });

    const slice = (text: string) => new Uint8Array(Buffer.from(text));
    async function read(range?: ByteRange): Promise<string> {
      const parts: Uint8Array[] = [];
      for await (const part of storage.read(key, range)) parts.push(part);
      return Buffer.concat(parts).toString();
    }

    it('joins slices, and reads the file and ranges of it', async () => {
      await storage.write(key, 0, slice('Hello '));
      await storage.write(key, 6, slice('world'));
      await storage.complete(key, 11);

      expect(await read()).toBe('Hello world');
      expect(await read({ start: 0, end: 4 })).toBe('Hello');
      expect(await read({ start: 6, end: 6 })).toBe('w');
    });

    it('takes a slice again, also with another beginning', async () => {
      await storage.write(key, 0, slice('Hello '));
      await storage.write(key, 0, slice('Hello '));
      await storage.write(key, 3, slice('lo world'));
      await storage.complete(key, 11);
      await storage.complete(key, 11);

      expect(await read()).toBe('Hello world');
    });

    it('reads no file before it is complete, and completes none that lacks bytes', async () => {
      await storage.write(key, 0, slice('Hell'));
      await expect(read()).rejects.toThrow();
      await expect(storage.complete(key, 5)).rejects.toThrow();
    });

    it('does not change a complete file', async () => {
      await storage.write(key, 0, slice('image'));
      await storage.complete(key, 5);
      await storage.write(key, 0, slice('<html')).catch(() => undefined);
      await storage.complete(key, 5).catch(() => undefined);

      expect(await read()).toBe('image');
    });

    it('deletes complete and other files, and none', async () => {
      await storage.write(key, 0, slice('Hello'));
      await storage.delete(key);
      await expect(storage.complete(key, 5)).rejects.toThrow();
      await storage.write(key, 0, slice('Hello'));
      await storage.complete(key, 5);
      await storage.delete(key);
      await storage.delete(key);

      await expect(read()).rejects.toThrow();
    });
  });
}
