import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ChatDatabase } from '../database/chat-database.js';
import type { ChatAttachmentSettings } from './attachment.options.js';

/** The setting that has the secret of the addresses. */
const SETTING = 'file-secret';

/** A file that an address names. */
export interface NamedFile {
  readonly tenant: string;
  readonly id: string;
  readonly isPreview: boolean;
}

/** Makes and checks the signed addresses of files. */
export class FileUrls {
  private constructor(
    private readonly secret: string,
    private readonly settings: ChatAttachmentSettings,
  ) {}

  /** Reads the secret, or stores a random one, which all servers share. */
  static async open(database: ChatDatabase, settings: ChatAttachmentSettings): Promise<FileUrls> {
    return new FileUrls(settings.secret ?? (await storedSecret(database)), settings);
  }

  /**
   * Returns the address of a file. It is valid for `urlTtlMs`, and at most for half of it longer.
   *
   * The end is rounded, so that a page that loads a message again finds its files in the cache.
   */
  urlOf(file: NamedFile, nowMs = Date.now()): string {
    const step = Math.ceil(this.settings.urlTtlMs / 2);
    const expires = (Math.floor(nowMs / step) + 3) * step;
    const query = `expires=${expires}&signature=${this.signatureOf(file, expires)}`;
    const { origin, path } = this.settings;
    return `${origin}${path}/${file.tenant}/${file.id}${file.isPreview ? '/preview' : ''}?${query}`;
  }

  /** Returns the time until which an address is valid; undefined when it is forged or no longer valid. */
  expiryOf(file: NamedFile, query: URLSearchParams, nowMs = Date.now()): number | undefined {
    const expires = Number(query.get('expires'));
    const given = Buffer.from(query.get('signature') ?? '');
    const own = Buffer.from(this.signatureOf(file, expires));
    const isValid = given.length === own.length && timingSafeEqual(given, own);
    return isValid && expires > nowMs ? expires : undefined;
  }

  private signatureOf({ tenant, id, isPreview }: NamedFile, expires: number): string {
    const text = JSON.stringify([tenant, id, isPreview, expires]);
    return createHmac('sha256', this.secret).update(text).digest('base64url');
  }
}

async function storedSecret(database: ChatDatabase): Promise<string> {
  const value = randomBytes(32).toString('base64url');
  return database.transaction(async (queries) => {
    await queries
      .insertInto('settings')
      .values({ name: SETTING, value })
      .onConflict((c) => c.doNothing())
      .execute();
    const stored = await queries
      .selectFrom('settings as s')
      .select('s.value')
      .where('s.name', '=', SETTING)
      .executeTakeFirstOrThrow();
    return stored.value;
  });
}
