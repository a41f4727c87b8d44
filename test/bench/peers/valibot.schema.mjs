import * as v from 'valibot';

const text = (length) => v.pipe(v.string(), v.maxLength(length));

export const schema = v.strictObject({
  id: text(64),
  room: text(64),
  text: text(2_000),
  priority: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(9)),
  author: v.strictObject({ id: text(64), name: text(64) }),
  sentAt: v.date(),
});
