// The first version of the endpoint of docs/stream-tokens.md.
// #region endpoint
import { create } from '@nestwire/protocol';
import { StreamCall, StreamEndpoint, StreamMethod, type StreamsOf } from '@nestwire/streams';
import { LanguageModel } from './fake-model.js';
import { Prompt, Token } from './messages.js';

@StreamEndpoint('ai')
export class AiEndpoint {
  constructor(private readonly model: LanguageModel) {}

  @StreamMethod(Prompt)
  async *generate({ signal }: StreamCall, { text: prompt }: Prompt): AsyncGenerator<Token> {
    for await (const text of this.model.generate(prompt, signal)) yield create(Token, { text });
  }
}

export type AppStreams = StreamsOf<{ ai: AiEndpoint }>;
// #endregion endpoint
