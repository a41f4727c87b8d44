import { DefaultChatPolicy, type ChatAction, type ChatResource, type ChatSubject } from '@nestwire/chat';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rightsTable } from './rights-table.js';
import { AppPolicy } from './server.js';

const ROOT = resolve(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

class Lenient extends DefaultChatPolicy {
  override allows(subject: ChatSubject, action: ChatAction, resource: ChatResource): boolean {
    return action === 'message.purge' || super.allows(subject, action, resource);
  }
}

describe('The rights in docs/chat/rights.md', () => {
  it('are those of the default policy', () => {
    expect(read('docs/chat/rights.md')).toContain(`\n${rightsTable()}\n`);
  });

  it('have a row for each action', () => {
    const source = read('libs/chat/src/policy/chat-policy.ts').split('export type ChatAction =')[1]!;
    const actions = [...source.split(';')[0]!.matchAll(/'([\w.]+)'/g)].map(([, action]) => action);

    expect([...rightsTable().matchAll(/^\| `([\w.]+)` \|/gm)].map(([, action]) => action)).toEqual(actions);
  });

  it('differ from those of another policy', () => {
    expect(rightsTable(new Lenient())).not.toEqual(rightsTable());
  });
});

describe('The policy of docs/chat/rights.md', () => {
  it('lets the server alone create public channels', () => {
    const policy = new AppPolicy();
    const allows = (kind: ChatSubject['kind'], channelType: string) =>
      policy.allows({ tenant: 'default', userId: 'ann', kind, role: 'none' }, 'channel.create', {
        channelType,
      });

    expect([allows('user', 'public'), allows('server', 'public'), allows('user', 'private')]).toEqual([
      false,
      true,
      true,
    ]);
  });
});
