// The message of every workload: six fields, one of them a nested object, one a date.
export const SENT_AT = '2026-11-23T10:00:00.000Z';

/** The fields as they stand in JSON, for peers without types. */
export const NOTE = {
  id: '5f0c6e0e-41f2-4c0b-9a53-2d8a0c1b7f11',
  room: 'lobby',
  text: 'The quick brown fox jumps over the lazy dog, twice before breakfast and once after.',
  priority: 3,
  author: { id: 'user-1', name: 'Ada Lovelace' },
  sentAt: SENT_AT,
};

/** A note that a peer with validation must refuse. */
export const BAD_NOTE = { ...NOTE, text: 7 };

/** The text of a note as nestwire writes it: a date carries its tag. */
export const textOf = (note) => JSON.stringify({ ...note, sentAt: { $date: note.sentAt } });

/** The small reply to a note in the workloads with replies. */
export const RECEIPT = { id: NOTE.id, priority: NOTE.priority };
