import { type } from 'arktype';

export const schema = type({
  '+': 'reject',
  id: 'string <= 64',
  room: 'string <= 64',
  text: 'string <= 2000',
  priority: '0 <= number.integer <= 9',
  author: { '+': 'reject', id: 'string <= 64', name: 'string <= 64' },
  sentAt: 'Date',
});
