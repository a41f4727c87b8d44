import { TestUsers } from '../../../test/rig/chat-app.js';
import { ChatModule } from './chat.module.js';
import { checkReturnedOptions, checkValues } from './check-options.js';

const PAGE = 'docs/chat/options.md lists all options.';
const refusal = (text: string) =>
  expect.objectContaining({ code: 'CHAT_CONFIGURATION', message: `ChatModule: ${text}` }) as Error;
const users = TestUsers;

/** Mistakes that a program in JavaScript, or the result of a factory, can have. */
const forRoot = (options: object) => () => ChatModule.forRoot({ users, ...options });
const forRootAsync = (options: object) => () =>
  ChatModule.forRootAsync({ users, useFactory: () => ({}), ...options });
const returned = (options: unknown) => () => checkReturnedOptions(options as object);
const values = (options: unknown) => () => checkValues(options as object);

describe('The options of the chat', () => {
  it.each([
    ['forRoot', forRoot, { guest: true }, 'guest', 'guests'],
    ['forRoot', forRoot, { Attachments: {} }, 'Attachments', 'attachments'],
    ['forRootAsync', forRootAsync, { import: [] }, 'import', 'imports'],
    ['a factory', returned, { atachments: {} }, 'atachments', 'attachments'],
    ['limits', values, { limits: { maxTextLenght: 3 } }, 'limits.maxTextLenght', 'limits.maxTextLength'],
    [
      'attachments',
      values,
      { attachments: { maxPerMesage: 3 } },
      'attachments.maxPerMesage',
      'attachments.maxPerMessage',
    ],
    ['growth', values, { growth: { storeMS: 3 } }, 'growth.storeMS', 'growth.storeMs'],
    ['relay', values, { relay: { poolMs: 3 } }, 'relay.poolMs', 'relay.pollMs'],
    ['a type', values, { types: { team: { acess: 'open' } } }, 'types.team.acess', 'types.team.access'],
    [
      'a built-in type',
      values,
      { types: { public: { keepMS: 1 } } },
      'types.public.keepMS',
      'types.public.keepMs',
    ],
    [
      'the limits of a type',
      values,
      { types: { team: { limits: { maxAttachment: 1 } } } },
      'types.team.limits.maxAttachment',
      'types.team.limits.maxAttachments',
    ],
    [
      'the rights of a type',
      values,
      { types: { team: { rights: { 'message.posts': [] } } } },
      'types.team.rights.message.posts',
      'types.team.rights.message.post',
    ],
  ])('that %s does not have are refused with the nearest one', (_place, check, options, wrong, nearest) => {
    expect(check(options)).toThrow(refusal(`there is no option ${wrong}. Did you mean ${nearest}? ${PAGE}`));
  });

  it('that are like no other are refused without a guess', () => {
    expect(forRoot({ colour: 'red' })).toThrow(refusal(`there is no option colour. ${PAGE}`));
    expect(forRoot({ ['x'.repeat(10_000)]: 1 })).toThrow(/there is no option x{10000}\. docs/);
  });

  it('stand where forRootAsync takes them', () => {
    expect(forRootAsync({ guests: true })).toThrow(
      refusal('forRootAsync takes guests from useFactory: return it there.'),
    );
    expect(forRootAsync({ useFactory: undefined })).toThrow(
      refusal('useFactory is a function that returns the options.'),
    );
    expect(returned({ policy: TestUsers })).toThrow(
      refusal('policy stands beside useFactory: forRootAsync takes it there.'),
    );
  });

  it.each([
    [forRoot, { users: undefined }, 'users is a class that extends ChatUsers.'],
    [forRoot, { hooks: {} }, 'hooks is a class.'],
    [returned, undefined, 'the argument is an object of options; got undefined.'],
    [values, { limits: null }, 'limits is an object of options; got null.'],
    [values, { attachments: 'files' }, "attachments is an object of options; got 'files'."],
    [values, { types: { team: 5 } }, 'types.team is an object of options; got 5.'],
    [values, { types: null }, 'types is an object of types by name; got null.'],
    [
      values,
      { types: { team: { access: 'opne' } } },
      "types.team.access is open or invitation or fixed; got 'opne'.",
    ],
    [values, { types: { team: { ephemeral: 'no' } } }, "types.team.ephemeral is true or false; got 'no'."],
    // A text from the environment is true, and would admit everybody.
    [values, { guests: 'false' }, "guests is true or false; got 'false'."],
    [values, { rateLimiter: 5 }, 'rateLimiter is a limiter of rate-limiter-flexible.'],
  ] as [(options: unknown) => () => unknown, unknown, string][])(
    'have their kinds: %p refuses %j',
    (check, options, text) => {
      expect(check(options)).toThrow(refusal(text));
    },
  );

  it('are accepted with all their names', () => {
    expect(forRoot({ database: {}, types: {}, limits: {}, growth: {}, guests: true })).not.toThrow();
    expect(forRootAsync({ inject: [], imports: [] })).not.toThrow();
    expect(values({ types: { team: undefined, news: {} }, limits: undefined })).not.toThrow();
  });
});
