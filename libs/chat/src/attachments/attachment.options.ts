import { misconfigured, refuseUnknown } from '../error/option-errors.js';
import type { ChatFileStorage } from './file-storage.js';
import type { ChatPreviews } from './previews.js';

/** The options of attachments. */
export interface ChatAttachmentOptions {
  /**
   * The storage of the files.
   *
   * @default the folder `folder`
   */
  readonly storage?: ChatFileStorage;
  /**
   * The folder of the files, without a storage; the servers of a cluster share it.
   *
   * @default 'nestwire-chat-files'
   */
  readonly folder?: string;
  /**
   * The secret that signs the addresses of files.
   *
   * @default a random one in the database
   */
  readonly secret?: string;
  /**
   * The path of the route that serves the files, without the global prefix of the application.
   *
   * @default '/chat/files'
   */
  readonly path?: string;
  /**
   * The origin in the addresses, such as `https://files.example.org`.
   *
   * @default none: the origin of the page
   */
  readonly origin?: string;
  /**
   * The least time for which an address is valid, in milliseconds.
   *
   * @default 43_200_000
   */
  readonly urlTtlMs?: number;
  /**
   * The largest file, in bytes.
   *
   * @default 10_485_760
   */
  readonly maxBytes?: number;
  /**
   * The most files of a message.
   *
   * @default 10
   */
  readonly maxPerMessage?: number;
  /**
   * The most uploads of a user that no message has yet.
   *
   * @default 20
   */
  readonly maxUploads?: number;
  /**
   * The most bytes that a user uploads within 24 hours.
   *
   * @default 209_715_200
   */
  readonly bytesPerDay?: number;
  /**
   * The permitted types, such as `image/*` and `application/pdf`. The content tells the type, never the name.
   *
   * @default all types
   */
  readonly types?: readonly string[];
  /**
   * The maker of previews; false makes none.
   *
   * @default `sharp`, if it is installed
   */
  readonly previews?: ChatPreviews | false;
}

/** The options with their defaults. */
export type ChatAttachmentSettings = Required<
  Omit<ChatAttachmentOptions, 'storage' | 'secret' | 'previews'>
> &
  Pick<ChatAttachmentOptions, 'storage' | 'secret' | 'previews'>;

const DEFAULTS: ChatAttachmentSettings = {
  folder: 'nestwire-chat-files',
  path: '/chat/files',
  origin: '',
  urlTtlMs: 43_200_000,
  maxBytes: 10_485_760,
  maxPerMessage: 10,
  maxUploads: 20,
  bytesPerDay: 209_715_200,
  types: ['*/*'],
};
const WITHOUT_DEFAULT = ['storage', 'secret', 'previews'] as const;
const NUMBERS = ['urlTtlMs', 'maxBytes', 'maxPerMessage', 'maxUploads', 'bytesPerDay'] as const;
const PATH = /^(\/[A-Za-z0-9_.~-]+)+$/;
const MIN_SECRET = 16;

/**
 * Returns all options of attachments, with the defaults of the others.
 *
 * @throws {ChatError} CHAT_CONFIGURATION when one of them is not valid
 */
export function attachmentSettings(given: ChatAttachmentOptions = {}): ChatAttachmentSettings {
  refuseUnknown('attachments', given, [...Object.keys(DEFAULTS), ...WITHOUT_DEFAULT]);
  const settings = { ...DEFAULTS, ...given };
  for (const name of NUMBERS)
    if (!Number.isSafeInteger(settings[name]) || settings[name] < 1)
      throw misconfigured(`attachments.${name} is a whole number from 1 on; got ${settings[name]}`);
  if (!PATH.test(settings.path))
    throw misconfigured(`attachments.path begins with / and ends without; got ${settings.path}`);
  if (
    settings.origin &&
    !(URL.canParse(settings.origin) && new URL(settings.origin).origin === settings.origin)
  )
    throw misconfigured(
      `attachments.origin is an origin such as https://example.org; got ${settings.origin}`,
    );
  if (settings.secret !== undefined && settings.secret.length < MIN_SECRET)
    throw misconfigured(`attachments.secret has at least ${MIN_SECRET} characters`);
  return settings;
}
