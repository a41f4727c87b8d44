// A recipe of docs/recipes.md; run by recipes.spec.ts.
import type { IncomingMessage } from 'node:http';
import { Controller, Param, Post, Req } from '@nestjs/common';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession, type StreamsOf } from '@nestwire/streams';
import { IsInt, IsString, IsUUID } from 'class-validator';

// #region server
@StreamMessage('uploads.watch')
export class WatchUpload {
  declare readonly $type: 'uploads.watch';
  @IsUUID() uploadId!: string;
}

@StreamMessage('uploads.stored')
export class Stored {
  declare readonly $type: 'uploads.stored';
  @IsString() uploadId!: string;
  @IsInt() bytes!: number;
}

export const upload = defineChannel('upload', { messages: [Stored], latest: true });

@Controller('uploads')
export class UploadsController {
  constructor(private readonly messages: MessagesService) {}

  @Post(':id')
  async store(@Param('id') uploadId: string, @Req() request: IncomingMessage): Promise<{ bytes: number }> {
    let bytes = 0;
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length; // store the chunk here
      await this.messages.postMessage(upload(uploadId), create(Stored, { uploadId, bytes }));
    }
    return { bytes };
  }
}

@StreamEndpoint('uploads')
export class UploadsEndpoint {
  @OnStreamMessage(WatchUpload)
  async watch(session: StreamSession<Stored>, { uploadId }: WatchUpload): Promise<void> {
    await session.subscribe(upload(uploadId));
  }
}
// #endregion server

export type UploadStreams = StreamsOf<{ uploads: UploadsEndpoint }>;
