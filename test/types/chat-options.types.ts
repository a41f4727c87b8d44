// Compiled, not run: options of the chat that do not exist are refused by the compiler too.
import { ChatModule, ChatUsers, type ChatProfile } from '@nestwire/chat';

class Users extends ChatUsers {
  findMany(): readonly ChatProfile[] {
    return [];
  }
}

export const complete = ChatModule.forRoot({
  users: Users,
  database: { file: 'chat.sqlite', migrations: 'check' },
  types: { team: { access: 'open', limits: { maxAttachments: 1 } } },
  limits: { maxPins: 1 },
  attachments: { maxBytes: 1 },
  guests: true,
});

// @ts-expect-error the option is guests
ChatModule.forRoot({ users: Users, guest: true });
// @ts-expect-error the option is database.file
ChatModule.forRoot({ users: Users, database: { path: 'chat.sqlite' } });
// @ts-expect-error the option is limits.maxTextLength
ChatModule.forRoot({ users: Users, limits: { maxTextLenght: 1 } });
// @ts-expect-error the option is attachments.maxBytes
ChatModule.forRoot({ users: Users, attachments: { maxByte: 1 } });
// @ts-expect-error the option is types.team.keepMs
ChatModule.forRoot({ users: Users, types: { team: { keep: 1 } } });
// @ts-expect-error the option is types.team.limits.maxTextLength
ChatModule.forRoot({ users: Users, types: { team: { limits: { maxText: 1 } } } });
// @ts-expect-error the factory returns the limits
ChatModule.forRootAsync({ users: Users, limits: {}, useFactory: () => ({}) });
// @ts-expect-error users stands beside the factory
ChatModule.forRootAsync({ useFactory: () => ({ users: Users }) });
