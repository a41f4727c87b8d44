// The code of docs/calls.md; compiled and run with the tests.
import { Injectable, Module } from '@nestjs/common';
import { create, StreamMessage } from '@nestwire/protocol';
import { CallItems, StreamCall, StreamEndpoint, StreamMethod, StreamsModule } from '@nestwire/streams';
import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';

// #region messages
@StreamMessage('calls-docs.load-older')
export class LoadOlder {
  declare readonly $type: 'calls-docs.load-older';
  @IsInt() @Min(0) before!: number;
}

@StreamMessage('calls-docs.page')
export class Page {
  declare readonly $type: 'calls-docs.page';
  @IsString({ each: true }) texts: string[] = [];
}

@StreamMessage('calls-docs.count-down')
export class CountDown {
  declare readonly $type: 'calls-docs.count-down';
  @IsInt() @Min(1) @Max(1_000) from!: number;
}

@StreamMessage('calls-docs.tick')
export class Tick {
  declare readonly $type: 'calls-docs.tick';
  @IsInt() left!: number;
}

@StreamMessage('calls-docs.upload')
export class Upload {
  declare readonly $type: 'calls-docs.upload';
  @IsString() @MaxLength(64) name!: string;
}

@StreamMessage('calls-docs.chunk')
export class Chunk {
  declare readonly $type: 'calls-docs.chunk';
  @IsString() @MaxLength(16_000) text!: string;
}

@StreamMessage('calls-docs.uploaded')
export class Uploaded {
  declare readonly $type: 'calls-docs.uploaded';
  @IsInt() characters!: number;
}
// #endregion messages

@Injectable()
export class Texts {
  readonly all = ['one', 'two', 'three'];
}

// #region endpoint
@StreamEndpoint('desk')
export class DeskEndpoint {
  constructor(private readonly texts: Texts) {}

  /** Returns the texts before a position. */
  @StreamMethod(LoadOlder)
  loadOlder(_call: StreamCall, { before }: LoadOlder): Page {
    return create(Page, { texts: this.texts.all.slice(0, before) });
  }

  @StreamMethod(CountDown)
  async *countDown(call: StreamCall, { from }: CountDown): AsyncGenerator<Tick> {
    for (let left = from; left > 0 && !call.signal.aborted; left--)
      yield await Promise.resolve(create(Tick, { left }));
  }

  @StreamMethod(Upload, { items: Chunk })
  async upload(_call: StreamCall, _upload: Upload, chunks: CallItems<Chunk>): Promise<Uploaded> {
    let characters = 0;
    for await (const { text } of chunks) characters += text.length;
    return create(Uploaded, { characters });
  }
}
// #endregion endpoint

@StreamMessage('calls-docs.prompt')
export class Prompt {
  declare readonly $type: 'calls-docs.prompt';
  @IsString() @MaxLength(2_000) text!: string;
}

@StreamMessage('calls-docs.token')
export class Token {
  declare readonly $type: 'calls-docs.token';
  @IsString() text!: string;
}

// #region resumable
@StreamEndpoint('ai')
export class AiEndpoint {
  @StreamMethod(Prompt, { resumable: { forMs: 600_000 } })
  async *generate(call: StreamCall, { text }: Prompt): AsyncGenerator<Token> {
    for (const word of text.split(' ')) {
      if (call.signal.aborted) return;
      yield await Promise.resolve(create(Token, { text: word }));
    }
  }
}
// #endregion resumable

@Module({ imports: [StreamsModule.forRoot()], providers: [DeskEndpoint, AiEndpoint, Texts] })
export class DeskModule {}
