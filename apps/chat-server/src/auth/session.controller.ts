import { Body, Controller, Post, ValidationPipe } from '@nestjs/common';
import type { ChatProfile } from '@nestwire/chat';
import { Reception } from '../people/reception.js';
import { profileOf, visitorId } from '../people/visitors.js';
import { DemoTokens } from './demo-tokens.js';
import { NewSession } from './new-session.js';

/** Signs people in. FOR THE DEMO ONLY: everybody gets the name that they ask for, and no password is needed. */
@Controller('session')
export class SessionController {
  constructor(
    private readonly tokens: DemoTokens,
    private readonly reception: Reception,
  ) {}

  /** Makes a new user with this name, who is in all public rooms. */
  @Post()
  async post(
    @Body(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true })) { name }: NewSession,
  ): Promise<{ readonly token: string; readonly user: ChatProfile }> {
    const user = profileOf(visitorId(name.trim()));
    await this.reception.welcome(user);
    return { token: this.tokens.sign(user.id), user };
  }
}
