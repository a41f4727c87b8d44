import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChatModule } from '@nestwire/chat';
import * as streams from '@nestwire/streams';
import * as protocol from '@nestwire/protocol';
import ts from 'typescript';
import { startApp, stopAll } from '../e2e/start-app.js';
import { CapturedLog } from '../rig/captured-log.js';
import { TestUsers } from '../rig/chat-app.js';

const SOURCE = `
import { IsString, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession } from '@nestwire/streams';

class Part { @IsString() text!: string; }

@StreamMessage('NAME')
export class Said {
  declare readonly $type: 'NAME';
  @ValidateNested() @Type(() => Part) part!: Part;
  undecorated!: string;
}

@StreamEndpoint('desk')
export class Desk {
  @OnStreamMessage(Said) said(_session: StreamSession, _message: Said): void {}
}
`;

let compiled = 0;

/** Compiles the endpoint, as SWC does without `useDefineForClassFields`, and as ES2022 and later do with it. */
function endpointCompiledWith(useDefineForClassFields: boolean): new () => object {
  const compilerOptions = {
    target: ts.ScriptTarget.ES2021,
    module: ts.ModuleKind.CommonJS,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    useDefineForClassFields,
  };
  const source = SOURCE.replaceAll('NAME', `erased.said-${compiled++}`);
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  const known: Record<string, unknown> = { '@nestwire/streams': streams, '@nestwire/protocol': protocol };
  const load = createRequire(import.meta.url);
  const exports: Record<string, unknown> = {};
  // oxlint-disable-next-line no-implied-eval -- it is what the compiler makes that is tested
  const run = new Function('require', 'exports', outputText) as (...given: unknown[]) => void;
  run((name: string) => known[name] ?? load(name), exports);
  return exports.Desk as new () => object;
}

const { NODE_ENV } = process.env;

afterEach(async () => {
  process.env.NODE_ENV = NODE_ENV;
  await stopAll();
});

describe('A field of a message class without a decorator', () => {
  it('keeps the application from starting where the compiler leaves fields in the code', async () => {
    const started = startApp({ providers: [endpointCompiledWith(true)] });

    await expect(started).rejects.toThrow('Said.undecorated has no class-validator decorator');
  });

  it('cannot be found where the compiler removes them, which the log says', async () => {
    const log = new CapturedLog();
    await startApp({ providers: [endpointCompiledWith(false)], prepare: log.install });

    const lines = log.with('The compiler removed fields');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('from Said and 1 more');
    expect(lines[0]).toContain('"useDefineForClassFields": true');
  });

  it('is not spoken of in production', async () => {
    process.env.NODE_ENV = 'production';
    const log = new CapturedLog();
    await startApp({ providers: [endpointCompiledWith(false)], prepare: log.install });

    expect(log.with('The compiler removed fields')).toEqual([]);
  });

  it('is not spoken of where a library declares the fields and gives them rules by code', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nestwire-erased-'));
    const chat = ChatModule.forRoot({
      users: TestUsers,
      database: { file: join(folder, 'chat.sqlite') },
      attachments: { folder: join(folder, 'files') },
    });
    const log = new CapturedLog();
    await startApp({ imports: [chat], prepare: log.install });
    await stopAll();
    await rm(folder, { recursive: true });

    expect(log.lines).not.toEqual([]);
    expect(log.with('The compiler removed fields')).toEqual([]);
  });
});
