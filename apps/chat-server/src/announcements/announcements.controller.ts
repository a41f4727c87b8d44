import { Body, Controller, Post, ValidationPipe } from '@nestjs/common';
import { MessagesService, type PostResult } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import { everybody } from '../chat/chat-channels.js';
import { Announcement } from '../messages/index.js';
import { PostAnnouncement } from './post-announcement.js';

/** An HTTP endpoint beside the streams; announcements reach every tab on every server. */
@Controller('announcements')
export class AnnouncementsController {
  constructor(private readonly messages: MessagesService) {}

  /** Posts an announcement; in the demo, everybody may. */
  @Post()
  post(
    @Body(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true })) { text }: PostAnnouncement,
  ): Promise<PostResult> {
    return this.messages.postMessage(everybody, create(Announcement, { text }));
  }
}
