import 'reflect-metadata';
import '@nestwire/protocol/class-transformer';
import { Expose } from 'class-transformer';
import { IsString } from 'class-validator';
import { StreamMessage, type MessageClass } from '@nestwire/protocol';
import { json } from '../transport/json.js';
import { warningCodec } from './field-warnings.js';

@StreamMessage('fields.order')
class Order {
  declare readonly $type: 'fields.order';
  id = '';
  total = 0;
  note?: string = undefined;
}

@StreamMessage('fields.decorated')
class Decorated {
  declare readonly $type: 'fields.decorated';
  @IsString() declare text: string;
}

@StreamMessage('fields.exposed')
class Exposed {
  declare readonly $type: 'fields.exposed';
  @Expose({ name: 'n' }) count: number | undefined = undefined;
}

@StreamMessage('fields.failing')
class Failing {
  declare readonly $type: 'fields.failing';
  constructor() {
    throw new Error('not now');
  }
}

@StreamMessage('fields.empty')
class Empty {
  declare readonly $type: 'fields.empty';
}

const messages = [Order, Decorated, Exposed, Failing, Empty] as unknown as MessageClass[];

function warningsOf(...frames: unknown[]): string[] {
  const warnings: string[] = [];
  const codec = warningCodec(json, { messages, onWarning: (text) => warnings.push(text) });
  for (const frame of frames) expect(codec.decode(JSON.stringify(frame))).toEqual(frame);
  return warnings;
}

function frame(type: string, data: object, t = 'message') {
  return { t, stream: 'e', type, data };
}

describe('The warnings of a client in development', () => {
  it('name a renamed field, once for each class and field', () => {
    const renamed = frame('fields.order', { id: '7', amount: 5 });

    expect(
      warningsOf(renamed, renamed, frame('fields.order', { id: '8', amount: 5 }, 'publication')),
    ).toEqual([
      'nestwire: fields.order arrived with "amount", which its class here does not have, and without ' +
        '"total", "note". If the server renamed the field, reload the page or update the class.',
    ]);
  });

  it('know a field by its decorator if the class does not declare it', () => {
    const [warning] = warningsOf(frame('fields.decorated', { body: 'x' }));

    expect(warning).toContain('fields.decorated arrived with "body"');
    expect(warningsOf(frame('fields.decorated', { text: 'x' }))).toEqual([]);
  });

  it.each([
    ['all fields', frame('fields.order', { id: '7', total: 5, note: 'x' })],
    ['a field less', frame('fields.order', { id: '7', total: 5 })],
    ['a field more', frame('fields.order', { id: '7', total: 5, note: 'x', more: 1 })],
    ['a field under the name that @Expose gives it', frame('fields.exposed', { n: 5 })],
    ['a class whose fields nobody knows', frame('fields.empty', { a: 1 })],
    ['a class that cannot be made', frame('fields.failing', { a: 1 })],
    ['a class that is not listed', frame('fields.other', { a: 1 })],
    ['data that cannot be read', frame('fields.order', { a: { $date: 'no' } })],
    ['no message', { t: 'ping' }],
    ['no frame', null],
  ])('say nothing of %s', (_, arrived) => {
    expect(warningsOf(arrived)).toEqual([]);
  });

  it('are limited in number', () => {
    const frames = Array.from({ length: 200 }, (_, at) => frame('fields.order', { [`field${at}`]: 1 }));

    expect(warningsOf(...frames)).toHaveLength(50);
  });
});
