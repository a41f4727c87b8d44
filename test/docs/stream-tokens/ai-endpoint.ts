// The endpoint of docs/stream-tokens.md whose calls survive their client.
import { create } from '@nestwire/protocol';
import { StreamCall, StreamEndpoint, StreamMethod, type StreamsOf } from '@nestwire/streams';
import { LanguageModel } from './fake-model.js';
import { Prompt, Token } from './messages.js';

// #region endpoint
@StreamEndpoint('ai', { requireLogin: true })
export class AiEndpoint {
  constructor(private readonly model: LanguageModel) {}

  @StreamMethod(Prompt, { resumable: { forMs: 600_000 } })
  async *generate({ signal }: StreamCall, { text: prompt }: Prompt): AsyncGenerator<Token> {
    for await (const text of this.model.generate(prompt, signal)) yield create(Token, { text });
  }
}
// #endregion endpoint

export type AppStreams = StreamsOf<{ ai: AiEndpoint }>;
