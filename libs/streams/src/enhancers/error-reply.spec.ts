import {
  BadRequestException,
  ConflictException,
  ForbiddenException,
  HttpException,
  InternalServerErrorException,
  NotFoundException,
  UnauthorizedException,
  ValidationPipe,
} from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { CodedError } from '@nestwire/protocol';
import { Type } from 'class-transformer';
import { IsInt, IsString, ValidateNested } from 'class-validator';
import { toWireError } from './error-reply.js';

class Amount {
  @IsInt() cents!: number;
}

class Payment {
  @IsString() text!: string;
  @ValidateNested() @Type(() => Amount) amount!: Amount;
}

const logged: Array<[string, unknown]> = [];
const log = (errorId: string, error: unknown): void => void logged.push([errorId, error]);

beforeEach(() => void logged.splice(0));

describe('toWireError', () => {
  it('lets coded errors travel as they are', () => {
    const details = [{ path: 'a', message: 'b' }];
    const error = new CodedError('NO_SEAT', 'The room is full.', {
      details,
      retryAfterMs: 5,
      cause: new Error('secret'),
    });
    expect(toWireError(error, log)).toEqual({
      code: 'NO_SEAT',
      message: 'The room is full.',
      details,
      retryAfterMs: 5,
    });
  });

  it.each([
    [new BadRequestException('no such room'), { code: 'INVALID_MESSAGE', message: 'no such room' }],
    [new UnauthorizedException(), { code: 'UNAUTHENTICATED', message: 'Unauthorized' }],
    [new ForbiddenException('not yours'), { code: 'FORBIDDEN', message: 'not yours' }],
    [new NotFoundException('no room'), { code: 'NOT_FOUND', message: 'no room' }],
    [new ConflictException('twice'), { code: 'CONFLICT', message: 'twice' }],
    [new HttpException('slow down', 429), { code: 'RATE_LIMITED', message: 'slow down' }],
    [new WsException('no'), { code: 'WS_EXCEPTION', message: 'no' }],
    [new WsException({ code: 'NO_SEAT', message: 'full' }), { code: 'NO_SEAT', message: 'full' }],
    [new WsException({ status: 'error', message: 'full' }), { code: 'WS_EXCEPTION', message: 'full' }],
  ])('maps %p by what it says', (error, expected) => {
    expect(toWireError(error, log)).toEqual(expected);
    expect(logged).toEqual([]);
  });

  it('finds the places in what ValidationPipe throws', async () => {
    const pipe = new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true });
    const refused: unknown = await pipe
      .transform({ text: 1, amount: { cents: 'x' }, more: 1 }, { type: 'body', metatype: Payment })
      .catch((error: unknown) => error);
    expect(toWireError(refused, log)).toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [
        { path: 'more', message: 'property more should not exist', code: 'UNKNOWN_PROPERTY' },
        { path: 'text', message: 'text must be a string' },
        { path: 'amount.cents', message: 'amount.cents must be an integer number' },
      ],
    });
  });

  it('tells of anything else an id alone, and logs the error under it', () => {
    const secrets = [
      new Error('password=hunter2'),
      new InternalServerErrorException('password=hunter2'),
      'password=hunter2',
      null,
      undefined,
    ];
    for (const error of secrets) {
      const wire = toWireError(error, log);
      const [[errorId, kept]] = logged.splice(0) as [[string, unknown]];
      expect(wire).toEqual({ code: 'INTERNAL', message: `The server failed. Error id: ${errorId}` });
      expect(kept).toBe(error);
    }
  });
});
