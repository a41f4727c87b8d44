import { StreamMessage } from '@nestwire/protocol';
import { Type } from 'class-transformer';
import { IsDate, IsString, MaxLength } from 'class-validator';

/** What somebody writes. */
@StreamMessage('board.note')
export class Note {
  declare readonly $type: 'board.note';
  @IsString() @MaxLength(100) text!: string;
  @IsDate() @Type(() => Date) writtenAt: Date = new Date();
}

/** What everybody reads. */
@StreamMessage('board.posted')
export class Posted {
  declare readonly $type: 'board.posted';
  @IsString() author!: string;
  @IsString() text!: string;
  @IsDate() @Type(() => Date) writtenAt!: Date;
}
