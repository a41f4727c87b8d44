import 'reflect-metadata';
import { OnEvent } from '@nestjs/event-emitter';
import { Injectable, type ModuleMetadata } from '@nestjs/common';
import { create, type CodedError } from '@nestwire/protocol';
import { StreamsModule } from '@nestwire/streams';
import { TestServer } from '@nestwire/testing';
import { Child } from '../rig/child.mjs';
import { compileSource } from '../rig/compile-source.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { AppAuthenticator, TokensModule } from './authentication.js';
import * as commands from './recipes/commands.js';
import * as events from './recipes/events.js';

const ADA = { id: 'ada', name: 'Ada' };
const BOB = { id: 'bob', name: 'Bob' };
const servers: TestServer[] = [];

afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function serve(
  { imports: others = [], providers = [] }: ModuleMetadata,
  redis?: string,
): Promise<TestServer> {
  const options = { authenticator: AppAuthenticator, imports: [TokensModule], redis };
  const imports = [...others, StreamsModule.forRoot(options)];
  const server = await TestServer.start({ imports, providers });
  servers.push(server);
  return server;
}

const codeOf = (sent: Promise<unknown>): Promise<string> =>
  sent.then(
    () => 'answered',
    ({ code }: CodedError) => code,
  );

describe('The recipe for commands and events of @nestjs/cqrs', () => {
  it('executes a command for a message, and carries the event to all clients', async () => {
    const server = await serve(commands);
    const connect = server.clientsOf<commands.StockStreams>()({
      messages: [commands.Reserve, commands.StockChanged],
    });
    const [ada, bob] = [await connect({ as: ADA }), await connect({ as: BOB })];
    await Promise.all([ada.stock.open(), bob.stock.open()]);
    const reserve = (count: number) =>
      codeOf(ada.stock.sendStreamMessage(create(commands.Reserve, { product: 'chair', count })));

    expect(await reserve(2)).toBe('answered');
    expect(await bob.stock.next()).toMatchObject({ product: 'chair', left: 1 });
    expect(await reserve(2)).toBe('SOLD_OUT');
  });
});

/** A part of the application that knows only the event emitter. */
@Injectable()
class Ledger {
  readonly paid: string[] = [];

  @OnEvent('invoice.paid')
  note(invoiceId: string): void {
    this.paid.push(invoiceId);
  }
}

describeWithRedis('The recipe for @nestjs/event-emitter', (redis) => {
  it('carries an event to the listeners of all servers', async () => {
    const parts = { ...events, providers: [...events.providers, Ledger] };
    const [one, two] = [await serve(parts, redis().url), await serve(parts, redis().url)];
    const client = await one.clientsOf<{ invoices: { in: events.Pay; out: never } }>()({
      messages: [events.Pay],
    })({ as: ADA });
    await client.invoices.sendStreamMessage(create(events.Pay, { invoiceId: 'i1' }));
    await until(() => two.get(Ledger).paid.length === 1);

    expect([one.get(Ledger).paid, two.get(Ledger).paid]).toEqual([['i1'], ['i1']]);
  });
});

const PROGRAM = new URL('recipes/recipe-process.mjs', import.meta.url);
const children: Child[] = [];

afterEach(() => Promise.all(children.splice(0).map((child) => child.stop())));

/** Starts the server of a recipe in a process of its own. */
function run(recipe: string): Child {
  const compiled = compileSource(new URL(`recipes/${recipe}.ts`, import.meta.url), `recipe-${recipe}`);
  const child = new Child(PROGRAM, [], { RECIPE: compiled });
  children.push(child);
  return child;
}

describe('The recipe for @nestjs/throttler', () => {
  it('limits the messages and calls of each user, and leaves others', async () => {
    const recipe = run('throttled');
    const connect = (as: string | null) =>
      recipe.ask('connect', { as, endpoint: 'search', messages: ['Find', 'Typed', 'Suggest', 'Suggestion'] });
    const [ada, bob, nobody] = [await connect('ada'), await connect('bob'), await connect(null)];
    const find = (client: unknown, text: string) =>
      recipe.ask('send', { client, name: 'Find', properties: { text } });
    const codes = [];
    for (const text of ['a', 'b', 'c', 'd']) codes.push(await find(ada, text));
    const others = [await find(bob, 'x'), await find(nobody, 'y')];
    const skipped = await recipe.ask('send', { client: ada, name: 'Typed', properties: {} });

    const suggest = (client: unknown) =>
      recipe.ask('call', { client, method: 'suggest', name: 'Suggest', properties: { text: 'a' } });
    const calls = [await suggest(ada), await suggest(ada), await suggest(ada), await suggest(bob)];

    expect(calls).toEqual([{ text: 'a?' }, { text: 'a?' }, 'RATE_LIMITED', { text: 'a?' }]);
    expect(codes).toEqual(['answered', 'answered', 'answered', 'RATE_LIMITED']);
    expect([...others, skipped]).toEqual(['answered', 'answered', 'answered']);
    expect(await recipe.ask('state', { provider: 'SearchEndpoint', property: 'found' })).toEqual([
      'a',
      'b',
      'c',
      'x',
      'y',
      'typed',
    ]);
  });
});

describe('The recipe for nestjs-cls', () => {
  it('has one context for each message and call, also for those at the same time', async () => {
    const recipe = run('tenants');
    const connect = (as: string) =>
      recipe.ask('connect', { as, endpoint: 'tenants', messages: ['Which', 'This'] });
    const clients = [await connect('ada'), await connect('bob')] as unknown[];
    const twice = clients.flatMap((client) => [client, client]);
    await Promise.all(twice.map((client) => recipe.ask('send', { client, name: 'Which', properties: {} })));
    const call = (client: unknown) =>
      recipe.ask('call', { client, method: 'current', name: 'Which', properties: {} });
    const answers: Array<{ tenant: string; requestId: string }> = [];
    for (const client of twice) answers.push((await recipe.ask('next', { client })) as never);
    answers.push(...((await Promise.all(twice.map(call))) as typeof answers));

    expect(answers.map(({ tenant }) => tenant)).toEqual([
      ...['tenant of ada', 'tenant of ada'],
      ...['tenant of bob', 'tenant of bob'],
      ...['tenant of ada', 'tenant of ada'],
      ...['tenant of bob', 'tenant of bob'],
    ]);
    expect(new Set(answers.map(({ requestId }) => requestId)).size).toBe(8);
  });
});
