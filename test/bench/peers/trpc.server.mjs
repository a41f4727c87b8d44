import { once } from 'node:events';
import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { tokensOf } from './tokens.mjs';
import { schema } from './zod.schema.mjs';

const t = initTRPC.create();

// As the fields stand in JSON: without a transformer, tRPC carries a date as its text.
const input = schema.extend({ sentAt: z.iso.datetime().transform((text) => new Date(text)) });

const prompt = z.strictObject({ count: z.int(), perSecond: z.int() });

const router = t.router({
  receipt: t.procedure.input(input).mutation(({ input: { id, priority } }) => ({ id, priority })),
  tokens: t.procedure.input(prompt).subscription(async function* ({ input: request }) {
    for await (const text of tokensOf(request)) yield { text };
  }),
});

/** Serves tRPC over WebSockets, with its adapter for ws. */
export async function serve() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  applyWSSHandler({ wss: server, router });
  await once(server, 'listening');
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}
