import { Type } from 'class-transformer';
import { IsDate, IsInt, IsString, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { decorate } from '../../rig/decorate.mjs';

/** The author of a note. */
export const Author = decorate(class Author {}, {
  properties: { id: [String, IsString(), MaxLength(64)], name: [String, IsString(), MaxLength(64)] },
});

/** The message of every workload, as a class; both peers of Nest have the same. */
export const Note = decorate(class Note {}, {
  properties: {
    id: [String, IsString(), MaxLength(64)],
    room: [String, IsString(), MaxLength(64)],
    text: [String, IsString(), MaxLength(2_000)],
    priority: [Number, IsInt(), Min(0), Max(9)],
    author: [Author, ValidateNested(), Type(() => Author)],
    sentAt: [Date, IsDate(), Type(() => Date)],
  },
});
