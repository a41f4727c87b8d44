import { DefaultChatPolicy, type ChatAction, type ChatResource, type ChatSubject } from '@nestwire/chat';

/** The built-in types of channels, as a policy sees them. */
const TYPES: Readonly<Record<string, ChatResource>> = {
  public: { channelType: 'public', isOpen: true, isFixed: false },
  private: { channelType: 'private', isOpen: false, isFixed: false },
  direct: { channelType: 'direct', isOpen: false, isFixed: true },
  support: { channelType: 'support', isOpen: false, isFixed: false },
};

const NOT_DIRECT = 'public, private, support';

/** The columns of the table: those who act. */
const SUBJECTS: ReadonlyArray<readonly [column: string, Pick<ChatSubject, 'kind' | 'role'>]> = [
  ['owner', { kind: 'user', role: 'owner' }],
  ['moderator', { kind: 'user', role: 'moderator' }],
  ['member', { kind: 'user', role: 'member' }],
  ['guest', { kind: 'guest', role: 'guest' }],
  ['invited', { kind: 'user', role: 'invited' }],
  ['others', { kind: 'user', role: 'none' }],
  ['other guests', { kind: 'guest', role: 'none' }],
];

const ACTIONS: readonly ChatAction[] = [
  'channel.create',
  'channel.read',
  'channel.join',
  'channel.invite',
  'channel.add',
  'channel.remove',
  'channel.update',
  'channel.freeze',
  'channel.archive',
  'channel.roles',
  'message.post',
  'message.attach',
  'message.edit',
  'message.delete',
  'message.purge',
  'message.react',
  'message.pin',
  'message.stop',
  'message.versions',
  'message.report',
  'user.report',
  'report.read',
  'user.export',
  'user.erase',
];

const ME = 'me';
const OWN: ChatResource = { authorId: ME, targetId: ME, targetRole: 'guest' };
const FOREIGN: ChatResource = { authorId: 'another', targetId: 'another', targetRole: 'guest' };

/** Returns the table of the rights that a policy gives by default, in Markdown. */
export function rightsTable(policy = new DefaultChatPolicy()): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const lines = ACTIONS.map((action) =>
    row([`\`${action}\``, ...SUBJECTS.map(([, subject]) => cellOf(policy, action, subject))]),
  );
  const columns = ['action', ...SUBJECTS.map(([column]) => column)];
  return [row(columns), `|${'---|'.repeat(columns.length)}`, ...lines].join('\n');
}

/** Says in which types of channels an action is permitted, and whether only for the own. */
function cellOf(
  policy: DefaultChatPolicy,
  action: ChatAction,
  subject: Pick<ChatSubject, 'kind' | 'role'>,
): string {
  const who: ChatSubject = { tenant: 'default', userId: ME, ...subject };
  const rights = Object.entries(TYPES).map(([type, resource]) => {
    const isAllowed = (more: ChatResource) => policy.allows(who, action, { ...resource, ...more });
    return [type, isAllowed(FOREIGN) ? 'yes' : isAllowed(OWN) ? 'own' : '–'] as const;
  });
  return summaryOf(rights);
}

function summaryOf(rights: ReadonlyArray<readonly [type: string, right: string]>): string {
  const words = new Set(rights.map(([, right]) => right));
  if (words.size === 1) return rights[0]![1];
  return ['yes', 'own']
    .filter((word) => words.has(word))
    .map((word) => {
      const types = rights.filter(([, right]) => right === word).map(([type]) => type);
      const names = types.join(', ') === NOT_DIRECT ? 'not direct' : types.join(', ');
      return word === 'yes' ? names : `own: ${names}`;
    })
    .join('; ');
}
