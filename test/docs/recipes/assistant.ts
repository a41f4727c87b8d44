// A recipe of docs/recipes.md; run by recipes.spec.ts.
import { create, StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession, type StreamsOf } from '@nestwire/streams';
import { IsBoolean, IsString, IsUUID, MaxLength } from 'class-validator';
import type { AppUser } from '../authentication.js';

// #region server
@StreamMessage('assistant.ask')
export class Ask {
  declare readonly $type: 'assistant.ask';
  @IsUUID() id!: string;
  @IsString() @MaxLength(4_000) text!: string;
}

@StreamMessage('assistant.stop')
export class Stop {
  declare readonly $type: 'assistant.stop';
}

@StreamMessage('assistant.token')
export class Token {
  declare readonly $type: 'assistant.token';
  @IsUUID() id!: string;
  @IsString() text!: string;
  @IsBoolean() isLast = false;
}

/** The model: wrap the SDK of its vendor. */
export abstract class LanguageModel {
  abstract generate(prompt: string, signal: AbortSignal): AsyncIterable<string>;
}

@StreamEndpoint('assistant', { requireLogin: true })
export class AssistantEndpoint {
  constructor(private readonly model: LanguageModel) {}

  @OnStreamMessage(Ask)
  async *ask(session: StreamSession<Token, AppUser>, { id, text: prompt }: Ask): AsyncGenerator<Token> {
    const stop = new AbortController();
    session.setUserObject(stop);
    const signal = AbortSignal.any([stop.signal, session.signal]);
    for await (const text of this.model.generate(prompt, signal)) yield create(Token, { id, text });
    yield create(Token, { id, text: '', isLast: true });
  }

  @OnStreamMessage(Stop)
  stop(session: StreamSession<Token, AppUser>, _message: Stop): void {
    session.getUserObject(AbortController)?.abort();
  }
}
// #endregion server

export type AssistantStreams = StreamsOf<{ assistant: AssistantEndpoint }>;
