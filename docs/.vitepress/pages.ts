/** The four kinds of pages, and the pages about the project itself. */
export type Kind = 'Tutorial' | 'How-to guides' | 'Reference' | 'Explanation' | 'Project';

/** One page: its file below `docs`, and its name in the sidebar. */
export interface Page {
  readonly file: string;
  readonly text: string;
}

/** Pages below one heading of the sidebar. */
export interface PageGroup {
  readonly kind: Kind;
  readonly text: string;
  readonly pages: readonly Page[];
}

const page = (file: string, text: string): Page => ({ file, text });

/** All pages in the order of the sidebar. A page that is missing here fails `test/docs/site.spec.ts`. */
export const PAGE_GROUPS: readonly PageGroup[] = [
  {
    kind: 'Tutorial',
    text: 'Tutorials',
    pages: [page('quick-start.md', 'Quick start'), page('stream-tokens.md', 'Stream tokens')],
  },
  {
    kind: 'How-to guides',
    text: 'How to build',
    pages: [
      page('sessions.md', 'Endpoints and sessions'),
      page('messages.md', 'Messages and channels'),
      page('authentication.md', 'Authentication'),
      page('calls.md', 'Calls'),
      page('presence.md', 'Presence'),
      page('ordering.md', 'Change data, then post'),
      page('testing.md', 'Testing'),
      page('recipes.md', 'Recipes'),
    ],
  },
  {
    kind: 'How-to guides',
    text: 'Chat',
    pages: [
      page('chat/index.md', 'Chat in five minutes'),
      page('chat/custom-ui.md', 'A chat page of your own'),
      page('chat/server-api.md', 'Server API'),
      page('chat/channels.md', 'Channels and members'),
      page('chat/rights.md', 'Rights'),
      page('chat/guests.md', 'Guests'),
      page('chat/hooks.md', 'Hooks'),
      page('chat/events.md', 'Events, push and mail'),
      page('chat/databases.md', 'Databases'),
      page('chat/attachments.md', 'Attachments'),
      page('chat/marked-text.md', 'Marked text'),
      page('chat/growing-messages.md', 'Growing messages'),
      page('chat/privacy.md', 'Privacy'),
      page('chat/tenants.md', 'Tenants'),
      page('chat/sizing.md', 'Sizing'),
      page('chat/moving.md', 'Move a chat'),
    ],
  },
  {
    kind: 'How-to guides',
    text: 'How to connect',
    pages: [
      page('client.md', 'The client'),
      page('bindings.md', 'React, Vue, Svelte, Angular'),
      page('front-end-setup.md', 'Front-end setup'),
      page('browsers.md', 'Browsers and bundlers'),
    ],
  },
  {
    kind: 'How-to guides',
    text: 'How to operate',
    pages: [
      page('production.md', 'Production'),
      page('redis.md', 'Redis'),
      page('limits-and-sizing.md', 'Limits and sizing'),
      page('troubleshooting.md', 'Troubleshooting'),
    ],
  },
  {
    kind: 'How-to guides',
    text: 'How to change and extend',
    pages: [
      page('changing-messages.md', 'Changing messages'),
      page('migration.md', 'Breaking changes'),
      page('migrating-from-gateways.md', 'Migrating from gateways'),
      page('coming-from-serverpod.md', 'Coming from Serverpod'),
      page('write-a-broker.md', 'Write a broker'),
    ],
  },
  {
    kind: 'Reference',
    text: 'Reference',
    pages: [
      page('configuration.md', 'Configuration'),
      page('errors.md', 'Errors and close codes'),
      page('chat/options.md', 'Options of the chat'),
      page('chat/streams.md', 'Streams and calls of the chat'),
      page('chat/errors.md', 'Errors of the chat'),
      page('protocol.md', 'Protocol'),
      page('versions.md', 'Versions and support'),
    ],
  },
  {
    kind: 'Explanation',
    text: 'Explanation',
    pages: [
      page('delivery.md', 'Delivery'),
      page('lifecycle.md', 'Lifecycle of a message'),
      page('reliability.md', 'Reliability'),
      page('comparison.md', 'Compared in detail'),
      page('recovery-compared.md', 'Recovery compared'),
      page('benchmarks.md', 'Benchmarks'),
      page('security.md', 'Security model'),
      page('architecture.md', 'Architecture'),
      page('decisions.md', 'Decisions'),
    ],
  },
  {
    kind: 'Project',
    text: 'Project',
    pages: [
      page('contributing.md', 'Contributing'),
      page('releasing.md', 'Releasing'),
      page('SECURITY.md', 'Security policy'),
    ],
  },
];

/** The start page of the site. It is reached by the logo and stands in no group. */
export const START_PAGE = 'index.md';

/** Other addresses of pages on the site. Without case, `SECURITY.md` would be the page `security.md`. */
export const REWRITES: Readonly<Record<string, string>> = { 'SECURITY.md': 'security-policy.md' };

/** Returns the address of a page on the site. */
export function routeOf(file: string): string {
  return `/${(REWRITES[file] ?? file).replace(/\.md$/, '').replace(/(^|\/)index$/, '$1')}`;
}
