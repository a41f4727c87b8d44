import { z } from 'zod';

export const schema = z.strictObject({
  id: z.string().max(64),
  room: z.string().max(64),
  text: z.string().max(2_000),
  priority: z.int().min(0).max(9),
  author: z.strictObject({ id: z.string().max(64), name: z.string().max(64) }),
  sentAt: z.date(),
});
