import { StreamMessage } from '@nestwire/protocol';
import { Type } from 'class-transformer';
import { IsDate, IsString, MaxLength } from 'class-validator';

/** A note of one user. */
@StreamMessage('board.note')
export class Note {
  declare readonly $type: 'board.note';
  @IsString() @MaxLength(100) text!: string;
  @IsDate() @Type(() => Date) writtenAt: Date = new Date();
}

/** A note on the board, for all users. */
@StreamMessage('board.posted')
export class Posted {
  declare readonly $type: 'board.posted';
  @IsString() author!: string;
  @IsString() text!: string;
  @IsDate() @Type(() => Date) writtenAt!: Date;
}
