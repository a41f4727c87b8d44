import type { ChatDatabase } from '../database/chat-database.js';
import {
  attachmentSettings,
  type ChatAttachmentOptions,
  type ChatAttachmentSettings,
} from './attachment.options.js';
import { FileInspection } from './file-inspection.js';
import type { ChatFileStorage } from './file-storage.js';
import { FileUrls } from './file-urls.js';
import { LocalFileStorage } from './local-storage.js';
import { SharpPreviews } from './sharp-previews.js';

/** The parts of the module that store, inspect and address files. */
export class ChatFiles {
  constructor(
    readonly settings: ChatAttachmentSettings,
    readonly storage: ChatFileStorage,
    readonly inspection: FileInspection,
    readonly urls: FileUrls,
  ) {}

  /**
   * Opens the storage, and reads the secret of the addresses.
   *
   * @throws {ChatError} CHAT_CONFIGURATION, CHAT_UNAVAILABLE
   */
  static async open(database: ChatDatabase, options?: ChatAttachmentOptions): Promise<ChatFiles> {
    const settings = attachmentSettings(options);
    const storage = settings.storage ?? new LocalFileStorage(settings.folder);
    const previews = settings.previews ?? (await SharpPreviews.load());
    const inspection = new FileInspection(storage, settings, previews || undefined);
    return new ChatFiles(settings, storage, inspection, await FileUrls.open(database, settings));
  }
}
