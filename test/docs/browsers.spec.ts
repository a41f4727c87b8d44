import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { WebSocket } from 'ws';
import { AppModule } from './quick-start/app.module.js';
import { AppModule as DevPageModule } from './quick-start/dev-page.module.js';

const DOCS = fileURLToPath(new URL('.', import.meta.url));
const PACKAGES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const BUILD = join(DOCS, 'vite-page/build.mjs');
const SOURCES = ['vite-page/main.ts', 'quick-start/chat-message.ts'];
const BUNDLER = { target: 'es2023', module: 'esnext', moduleResolution: 'bundler', strict: true };
const PRINTED = 'idle, chat.message of Ada\nsent at a date: true\nwrong: author\n';

describe('A page that Vite builds', () => {
  let place: string;

  beforeEach(() => {
    // Below node_modules Vite would read no tsconfig.json.
    place = mkdtempSync(join(tmpdir(), 'nestwire-vite-page-'));
    symlinkSync(PACKAGES, join(place, 'node_modules'));
  });
  afterEach(() => rmSync(place, { recursive: true }));

  it.each([
    ['with experimentalDecorators', { experimentalDecorators: true }],
    ['without defined fields', { experimentalDecorators: true, useDefineForClassFields: false }],
    ['with the metadata of types', { experimentalDecorators: true, emitDecoratorMetadata: true }],
  ])(
    'makes and checks messages, %s',
    (_name, compilerOptions) => {
      expect(outputOf(place, compilerOptions)).toBe(PRINTED);
    },
    60_000,
  );

  it('does not run without experimentalDecorators: the bundle keeps the decorators', () => {
    expect(outputOf(place, {})).toMatch(/@StreamMessage\("chat\.message"\)[^]*SyntaxError/);
  }, 60_000);
});

describe('The first page of a dev server', () => {
  let app: INestApplication;

  afterEach(() => app.close());

  /** Resolves with the status of the answer to an upgrade request of a page at port 5173. */
  async function statusFor(module: Type): Promise<number | undefined> {
    app = (await Test.createTestingModule({ imports: [module] }).compile()).createNestApplication();
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const socket = new WebSocket(`ws://localhost:${port}/streams`, { origin: 'http://localhost:5173' });
    socket.on('error', () => undefined);
    const status = await new Promise<number | undefined>((resolve) => {
      socket.on('upgrade', ({ statusCode }) => resolve(statusCode));
      socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
    });
    socket.terminate();
    return status;
  }

  it('is refused by the application of the quick start', async () => {
    expect(await statusFor(AppModule)).toBe(403);
  });

  it('is let in once its origin is listed', async () => {
    expect(await statusFor(DevPageModule)).toBe(101);
  });
});

/** Builds the page with options of the compiler, runs it, and returns what it prints. */
function outputOf(place: string, compilerOptions: object): string {
  for (const file of SOURCES) {
    mkdirSync(dirname(join(place, file)), { recursive: true });
    copyFileSync(join(DOCS, file), join(place, file));
  }
  const config = { compilerOptions: { ...BUNDLER, ...compilerOptions } };
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify(config));
  const built = spawnSync(process.execPath, [BUILD, place], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
  const { stdout, stderr } = spawnSync(process.execPath, [join(place, 'out/main.mjs')], { encoding: 'utf8' });
  return stdout + stderr;
}
