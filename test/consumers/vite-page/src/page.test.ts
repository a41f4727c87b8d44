import 'reflect-metadata';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { test } from 'node:test';
import { NestFactory } from '@nestjs/core';
import { chromium } from 'playwright-core';
import { BoardModule } from './board.module.js';

interface Exchange {
  readonly path: string;
  type(kind: string): { send(body: string): void };
}

const executablePath = process.env.CHROMIUM_BIN;

test(
  'a page that Vite builds talks with the application',
  { timeout: 60_000, skip: !executablePath },
  async () => {
    const app = await NestFactory.create(BoardModule, { logger: ['error', 'warn'] });
    app.use(({ path }: Exchange, response: Exchange) => {
      const file = path === '/' ? 'index.html' : normalize(path);
      response.type(file.split('.').pop()!).send(readFileSync(join('page', file), 'utf8'));
    });
    await app.listen(0, '127.0.0.1');
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    try {
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('pageerror', ({ message }) => problems.push(message));
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));

      await page.goto(await app.getUrl());
      await page.waitForFunction(`document.title !== 'board'`).catch((error) => problems.push(String(error)));

      assert.deepEqual(problems, []);
      assert.equal(await page.title(), 'ann: hello, instance: true, too long: INVALID_MESSAGE');
    } finally {
      await browser.close();
      await app.close();
    }
  },
);
