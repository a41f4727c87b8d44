import { StreamMessage } from '@nestwire/protocol';

/** Blocks a user, or ends the block. */
@StreamMessage('nestwire-chat.set-block')
export class ChatSetBlock {
  declare readonly $type: 'nestwire-chat.set-block';
  declare userId: string;
  declare isBlocked: boolean;
}

/** Gives the guest a name, which others see. */
@StreamMessage('nestwire-chat.introduce')
export class ChatIntroduce {
  declare readonly $type: 'nestwire-chat.introduce';
  declare name: string;
}

/** Asks for the users whose name matches a text. */
@StreamMessage('nestwire-chat.find-users')
export class ChatFindUsers {
  declare readonly $type: 'nestwire-chat.find-users';
  declare text: string;
}
