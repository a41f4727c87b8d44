import { isTest, resolveImport, type SourceFile } from './source-file.js';

/** The folders of each package, in the order in which they may use each other: a folder uses those before it. */
export const FOLDER_ORDER: Readonly<Record<string, readonly string[]>> = {
  'libs/client': ['transport', 'connection', 'calls', 'requests', 'endpoint', 'outbox', 'store'],
  'libs/messages': [
    'scheduling',
    'logging',
    'channel',
    'pubsub',
    'history',
    'once',
    'calls',
    'revocations',
    'presence',
    'consumers',
    'redis',
  ],
  'libs/chat': [
    'error',
    'database',
    'policy',
    'users',
    'limits',
    'text',
    'outbox',
    'guests',
    'channels',
    'attachments',
    'messages',
    'privacy',
    'wire',
    'client',
    'relay',
    'http',
    'live',
    'endpoint',
  ],
  'libs/streams': [
    'transport',
    'fairness',
    'auth',
    'validation',
    'enhancers',
    'session',
    'resend',
    'endpoint',
    'requests',
    'calls',
    'subscriptions',
    'connection',
    'evictions',
    'audiences',
  ],
};

/** Finds imports, types aside, that run against the order of the folders. */
export function againstTheFlow(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => !isTest(file.path))
    .flatMap((file) =>
      file.imports
        .filter((found) => !found.isTypeOnly)
        .flatMap((found) => {
          const target = resolveImport(file, found);
          return target && isBackwards(file.path, target)
            ? [`${file.path}:${found.line} uses ${target}`]
            : [];
        }),
    );
}

function isBackwards(from: string, to: string): boolean {
  const [area, lib, , folder] = from.split('/');
  const order = FOLDER_ORDER[`${area}/${lib}`] ?? [];
  return order.indexOf(folder!) >= 0 && order.indexOf(to.split('/')[3]!) > order.indexOf(folder!);
}
