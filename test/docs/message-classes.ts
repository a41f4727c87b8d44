// #region class
import { create, StreamMessage } from '@nestwire/protocol';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsDate,
  IsIn,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';

export class Due {
  @IsDate() @Type(() => Date) at!: Date;
  @IsIn(['low', 'high']) priority!: 'low' | 'high';
}

@StreamMessage('todo.changed')
export class TodoChanged {
  declare readonly $type: 'todo.changed';
  @IsString() @MaxLength(200) title!: string;
  @IsOptional() @ValidateNested() @Type(() => Due) due?: Due;
  @IsArray() @ArrayMaxSize(20) @IsString({ each: true }) tags: string[] = [];
}
// #endregion class

export function example(): TodoChanged {
  // #region create
  const todo = create(TodoChanged, { title: 'Write the docs', tags: ['docs'] });
  const renamed = create(TodoChanged, { ...todo, title: 'Read the docs' });
  // #endregion create
  return renamed;
}
