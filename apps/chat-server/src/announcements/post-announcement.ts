import { IsNotEmpty, IsString, MaxLength } from 'class-validator';

/** The body of `POST /announcements`. */
export class PostAnnouncement {
  @IsString() @IsNotEmpty() @MaxLength(280) text!: string;
}
