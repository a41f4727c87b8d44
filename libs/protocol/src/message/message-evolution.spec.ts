import 'reflect-metadata';
import { Type } from 'class-transformer';
import { z } from 'zod';
import { decodeCompiled, decodeQuickly, encodingOf } from '../compiled.js';
import { CodedError } from '../error/coded-error.js';
import { encodeMessage } from '../frame/json-codec.js';
import { JSON_SUBPROTOCOL, MESSAGE_PACK_SUBPROTOCOL } from '../frame/frame.js';
import { messagePack } from '../message-pack.node.js';
import { encodeProperties } from '../value/wire-value.js';
import { nativeProperties } from '../compiled/compiled-message.js';
import { create } from './create.js';
import { decodeMessage } from './decode-message.js';
import { defineMessage } from './define-message.js';
import { StreamMessage } from './stream-message.decorator.js';
import '../../../../test/rig/message-libraries.js';

interface Former {
  owner?: string;
  due?: Date;
}

/** Version 1 had `owner`; version 2 `assignee`; version 3 renamed `due` to `dueAt`. */
@StreamMessage('evolution.task', {
  version: 3,
  upcast: ({ owner, due, ...rest }: Former & Record<string, unknown>, version) => ({
    ...rest,
    ...(version < 2 && { assignee: owner?.trim() }),
    dueAt: due,
  }),
})
class Task {
  declare readonly $type: 'evolution.task';
  assignee?: string;
  @Type(() => Date) dueAt?: Date;
}

@StreamMessage('evolution.board')
class Board {
  declare readonly $type: 'evolution.board';
  first?: unknown;
  @Type(() => Task) task?: Task;
}

const Said = defineMessage('evolution.said', z.object({ text: z.string() }), {
  version: 2,
  upcast: ({ body, ...rest }) => ({ ...rest, text: body }),
});

const DUE = new Date(86_400_000);
const DECODERS = [
  ['decodeMessage', decodeMessage],
  ['decodeCompiled', decodeCompiled],
] as const;

function failureOf(run: () => unknown): CodedError {
  try {
    run();
  } catch (error) {
    return error as CodedError;
  }
  throw new Error('This was expected to fail.');
}

describe('The version of a message', () => {
  it('is in the data of a class with a version above 1, in all encoders', () => {
    const task = create(Task, { assignee: 'ada', dueAt: DUE });
    const data = { $version: 3, assignee: 'ada', dueAt: { $date: DUE.toISOString() } };

    expect(JSON.parse(encodeMessage(task).data)).toEqual(data);
    expect(encodingOf(task)).toEqual({ type: 'evolution.task', data: JSON.stringify(data) });
    expect(encodeProperties(task)).toEqual(data);
    expect(nativeProperties(task, (value) => (value instanceof Date ? value : undefined))).toBeUndefined();
    expect(
      nativeProperties(task, (value) =>
        value instanceof Date || typeof value === 'string' ? value : undefined,
      ),
    ).toEqual({ $version: 3, assignee: 'ada', dueAt: DUE });
    expect(encodeProperties(create(Said, { text: 'hi' }))).toEqual({ $version: 2, text: 'hi' });
  });

  it('is in the data of a nested message', () => {
    const board = create(Board, { first: create(Task, { assignee: 'ada' }) });
    const data = '{"first":{"$type":"evolution.task","$version":3,"assignee":"ada"}}';

    expect([encodeMessage(board).data, encodingOf(board).data]).toEqual([data, data]);
  });

  it('is absent for version 1', () => {
    expect(encodingOf(create(Board)).data).toBe('{}');
    expect(encodeMessage(create(Board)).data).toBe('{}');
  });

  it.each(DECODERS)('of the class itself is decoded without a trace by %s', (_, decode) => {
    const task = create(Task, { assignee: 'ada', dueAt: DUE });

    expect(decode(Task, JSON.parse(encodingOf(task).data) as object)).toEqual(task);
    expect(Object.keys(decode(Task, { $version: 3 }))).not.toContain('$version');
  });

  it('needs no library where the compiled decoder knows the class', () => {
    expect(decodeQuickly(Task, { $version: 3, assignee: 'ada' })).toEqual(create(Task, { assignee: 'ada' }));
    expect(decodeQuickly(Task, { assignee: 'ada' })).toBeUndefined();
  });

  it.each(DECODERS)('of an earlier build is converted by %s', (_, decode) => {
    const due = { $date: DUE.toISOString() };

    expect(decode(Task, { owner: ' ada ', due })).toEqual(create(Task, { assignee: 'ada', dueAt: DUE }));
    expect(decode(Task, { $version: 1, owner: 'ada' })).toMatchObject({ assignee: 'ada' });
    expect(decode(Task, { $version: 2, assignee: 'bob', due })).toEqual(
      create(Task, { assignee: 'bob', dueAt: DUE }),
    );
    expect(decode(Said as never, { body: 'hi' })).toMatchObject({ text: 'hi' });
  });

  it.each(DECODERS)('of an earlier build is converted in a nested message by %s', (_, decode) => {
    const former = { $type: 'evolution.task', owner: 'ada' };
    const late = { $version: 2, $type: 'evolution.task', assignee: 'bob' };

    expect(decode(Board, { first: former, task: late })).toMatchObject({
      first: create(Task, { assignee: 'ada' }),
      task: { assignee: 'bob' },
    });
  });

  it.each(DECODERS)('of a later build is refused with its code by %s', (_, decode) => {
    const error = failureOf(() => decode(Task, { $version: 4, assignee: 'ada' }));
    const nested = failureOf(() => decode(Board, { first: { $type: 'evolution.task', $version: 9 } }));
    const unversioned = failureOf(() => decode(Board, { $version: 2 }));

    expect([error.code, nested.code, unversioned.code]).toEqual(Array(3).fill('UNKNOWN_VERSION'));
    expect(error.message).toMatch(/^The message has version 4, its class here 3: update/);
    expect(nested.details).toMatchObject([{ path: 'first' }]);
  });

  it.each(['2', 0, -1, 1.5, null, {}, [], NaN])('must be a whole number from 1 on, not %p', (version) => {
    for (const [, decode] of DECODERS)
      expect(failureOf(() => decode(Task, { $version: version })).code).toBe('INVALID_MESSAGE');
  });

  it('is refused outside of a message', () => {
    expect(failureOf(() => decodeMessage(Board, { first: { $version: 2 } })).code).toBe('INVALID_MESSAGE');
  });

  it('reports a failing upcast as an invalid message, without its text', () => {
    const error = failureOf(() => decodeMessage(Task, { owner: 5 }));

    expect([error.code, error.message]).toEqual(['INVALID_MESSAGE', 'The message does not fit.']);
  });

  it.each([JSON_SUBPROTOCOL, MESSAGE_PACK_SUBPROTOCOL])('travels in %s', (subprotocol) => {
    const data = encodeProperties(create(Task, { assignee: 'ada' }));
    const frame = { t: 'message', id: 1, stream: 'desk', type: 'evolution.task', data };
    const codec = messagePack.withLimits({ maxDepth: 8, maxNodes: 100, maxKeys: 10, maxItems: 10 });
    const payload = subprotocol === JSON_SUBPROTOCOL ? undefined : messagePack.encode(frame, subprotocol);
    const decoded = payload
      ? codec.decodeClientFrame(payload)
      : (JSON.parse(JSON.stringify(frame)) as object);

    expect(decodeMessage(Task, (decoded as typeof frame).data)).toEqual(create(Task, { assignee: 'ada' }));
  });
});

describe('The options of @StreamMessage and defineMessage', () => {
  it.each([
    { version: 0, upcast: Object },
    { version: 1.5, upcast: Object },
    { version: 2 },
    { upcast: Object },
    { version: 1, upcast: Object },
  ])('refuse %p', (options) => {
    class Wrong {
      declare readonly $type: 'evolution.wrong';
    }

    const text = '"evolution.wrong": a version is a whole number from 1; above 1 it needs upcast';
    expect(() => StreamMessage('evolution.wrong', options)(Wrong)).toThrow(text);
    expect(() => defineMessage('evolution.wrong', z.object({}), options)).toThrow(text);
  });
});
