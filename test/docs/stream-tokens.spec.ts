import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Test } from '@nestjs/testing';
import { create } from '@nestwire/protocol';
import { StreamsModule } from '@nestwire/streams';
import { TestServer } from '@nestwire/testing';
import { compileFolder } from '../rig/compile-folder.js';
import { until } from '../rig/until.js';
import { AiEndpoint, type AppStreams } from './stream-tokens/ai-endpoint.js';
import { AppAuthenticator } from './stream-tokens/authenticator.js';
import { FakeModel, LanguageModel } from './stream-tokens/fake-model.js';
import { AppModule as FirstModule } from './stream-tokens/first-module.js';
import { Prompt, Token } from './stream-tokens/messages.js';
import type { AppStreams as PageStreams } from './stream-tokens/page/ai-endpoint.js';
import { HttpModel, VendorModel, type VendorSdk } from './stream-tokens/vendor-model.js';

type Generate<S extends AppStreams | PageStreams> = S['ai']['methods']['generate'];
type Equals<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** The page has the types of the endpoint. */
const isSame: Equals<Generate<AppStreams>, Generate<PageStreams>> = true;
void isSame;

/** Yields numbers until it is aborted, without pauses. */
class Counting extends LanguageModel {
  aborts = 0;

  async *generate(prompt: string, signal: AbortSignal): AsyncGenerator<string> {
    try {
      for (let token = 0; token < Number(prompt); token++) {
        await new Promise(setImmediate);
        signal.throwIfAborted();
        yield `${token} `;
      }
    } finally {
      this.aborts += Number(signal.aborted);
    }
  }
}

async function take(tokens: AsyncIterable<string>, count: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const token of tokens) if (taken.push(token) === count) break;
  return taken;
}

const never = new AbortController().signal;

describe('docs/stream-tokens.md', () => {
  let server: TestServer | undefined;

  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  it('has a model that answers a question in the same way each time', async () => {
    const answer = (prompt: string) =>
      take(Object.assign(new FakeModel(), { tokenMs: 0 }).generate(prompt, never), 60);

    expect((await answer('a')).join('')).toMatch(/^([A-Z][a-z]* [a-z ]+\.\s+){5,}/);
    expect(await answer('a')).toEqual(await answer('a'));
    expect(await answer('a')).not.toEqual(await answer('b'));
  });

  it('shows the answer in a terminal, and stops the model with the connection', async () => {
    const model = new Counting();
    const testing = Test.createTestingModule({ imports: [FirstModule] });
    server = await TestServer.start(await testing.overrideProvider(LanguageModel).useValue(model).compile());
    const program = new URL(
      'terminal.js',
      compileFolder(new URL('stream-tokens/', import.meta.url), 'stream-tokens'),
    );
    const terminal = spawn(process.execPath, [fileURLToPath(program), '1000000', server.url], {
      stdio: 'pipe',
    });
    const [text] = (await once(terminal.stdout, 'data')) as [Buffer];
    terminal.kill();
    await once(terminal, 'exit');

    expect(String(text)).toMatch(/^0 1? ?/);
    await until(() => model.aborts === 1);
  });

  describe('with calls that survive', () => {
    let model: Counting;

    async function clients() {
      model = new Counting();
      server = await TestServer.start({
        imports: [StreamsModule.forRoot({ authenticator: AppAuthenticator })],
        providers: [AiEndpoint, { provide: LanguageModel, useValue: model }],
      });
      const connect = server.clientsOf<AppStreams>()({ messages: [Prompt, Token] });
      return [await connect({ as: { id: 'ada' } }), await connect({ as: { id: 'ada' } })] as const;
    }

    async function read(call: AsyncIterable<Token>, count = Infinity): Promise<string> {
      const texts: string[] = [];
      for await (const { text } of call) if (texts.push(text) === count) break;
      return texts.join('');
    }

    it('continues an answer that its tab has left, from the first token', async () => {
      const [tab, other] = await clients();
      const call = tab.ai.generate(create(Prompt, { text: '100' }));
      expect(await read(call, 3)).toBe('0 1 2 ');

      expect(await read(other.ai.generate.resume(call.id))).toBe(
        Array.from({ length: 100 }, (_, token) => `${token} `).join(''),
      );
      expect(model.aborts).toBe(0);
    });

    it('stops an answer from a tab that does not read it, and tells the reader', async () => {
      const [tab, other] = await clients();
      const call = tab.ai.generate(create(Prompt, { text: '1000000' }));
      const isStopped = expect(read(call)).rejects.toMatchObject({ code: 'CANCELLED' });
      await other.ai.generate.resume(call.id).cancel();

      await isStopped;
      await until(() => model.aborts === 1);
    });
  });

  it('takes the texts of an SDK', async () => {
    const signals: AbortSignal[] = [];
    const sdk: VendorSdk = {
      async stream({ prompt }, { signal }) {
        signals.push(signal);
        return (async function* () {
          yield { delta: prompt };
          yield {};
          yield { delta: '!' };
        })();
      },
    };

    expect(await take(new VendorModel(sdk).generate('Hello', never), 9)).toEqual(['Hello', '!']);
    expect(signals).toEqual([never]);
  });

  describe('with a model over HTTP', () => {
    let models: Server;
    let isBusy = false;

    beforeAll(async () => {
      models = createServer((_, response) => {
        if (isBusy) return response.writeHead(503).end();
        response.write('{"response":"One"}\n{"resp');
        response.end('onse":" two"}\n');
      }).listen(0, '127.0.0.1');
      await once(models, 'listening');
      process.env.MODEL_URL = `http://127.0.0.1:${(models.address() as AddressInfo).port}`;
    });

    afterAll(() => {
      delete process.env.MODEL_URL;
      models.close();
    });

    it('takes a text from each line', async () => {
      expect(await take(new HttpModel().generate('Hello', never), 9)).toEqual(['One', ' two']);
    });

    it('reports a refusal', async () => {
      isBusy = true;
      await expect(take(new HttpModel().generate('Hello', never), 1)).rejects.toThrow('503');
    });
  });
});
