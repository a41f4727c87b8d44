import { Controller, Get, Headers, UnauthorizedException } from '@nestjs/common';
import { chatUser, ChatService } from '@nestwire/chat';
import { DemoTokens } from '../auth/demo-tokens.js';

/** Tells users whom they have blocked, so that a page hides their messages. */
@Controller('blocks')
export class BlocksController {
  constructor(
    private readonly chat: ChatService,
    private readonly tokens: DemoTokens,
  ) {}

  /** Returns the ids of the users whom the user of the token has blocked. */
  @Get()
  async get(@Headers('authorization') authorization = ''): Promise<readonly string[]> {
    const userId = this.tokens.read(authorization.replace(/^Bearer /, ''));
    if (userId === null) throw new UnauthorizedException('The token is not valid.');
    return this.chat.privacy.blocked(chatUser(userId));
  }
}
