import { TicketSigner } from './ticket.signer.js';

const START = { epoch: 'e', offset: 5, id: 'x' };
const SUBJECT = { holder: 'user:alice', endpoint: 'chat', channel: 'room:a' };
const DAY_MS = 86_400_000;

function signerWith(secret: string, ticketMs = DAY_MS): TicketSigner {
  const signer = new TicketSigner(ticketMs);
  signer.use(secret);
  return signer;
}

describe('A ticket', () => {
  it('is accepted by every server that has the secret', () => {
    const ticket = signerWith('s').issue(SUBJECT, START);

    expect(signerWith('s').accepts(ticket, SUBJECT, START)).toBe(true);
    expect(signerWith('other').accepts(ticket, SUBJECT, START)).toBe(false);
  });

  it.each([
    { ...SUBJECT, holder: 'user:bob' },
    { ...SUBJECT, holder: 'client:x' },
    { ...SUBJECT, endpoint: 'game' },
    { ...SUBJECT, channel: 'room:b' },
  ])('is for its subject alone: not for %p', (other) => {
    const signer = signerWith('s');

    expect(signer.accepts(signer.issue(SUBJECT, START), other, START)).toBe(false);
    expect(signer.accepts(signer.issue(other, START), other, START)).toBe(true);
  });

  it('tells subjects apart whose texts joined are the same', () => {
    const signer = signerWith('s');
    const ticket = signer.issue({ holder: 'a","b', endpoint: 'c', channel: 'd' }, START);

    expect(signer.accepts(ticket, { holder: 'a', endpoint: 'b","c', channel: 'd' }, START)).toBe(false);
  });

  it('expires', () => {
    const signer = signerWith('s', -1);

    expect(signer.accepts(signer.issue(SUBJECT, START), SUBJECT, START)).toBe(false);
  });

  it('opens what is behind the place that it was issued at, and nothing before', () => {
    const signer = signerWith('s');
    const ticket = signer.issue(SUBJECT, START);

    expect(signer.accepts(ticket, SUBJECT, { ...START, offset: 6 })).toBe(true);
    expect(signer.accepts(ticket, SUBJECT, { ...START, offset: 4 })).toBe(false);
    expect(signer.accepts(ticket, SUBJECT, { ...START, offset: 0, id: '' })).toBe(false);
    expect(signer.accepts(ticket, SUBJECT, { ...START, epoch: 'other' })).toBe(false);
    expect(signer.accepts(ticket.replace('.5.', '.0.'), SUBJECT, { ...START, offset: 4 })).toBe(false);
  });

  it('cannot be given another expiry', () => {
    const signer = signerWith('s', -1);
    const [, start, mac] = signer.issue(SUBJECT, START).split('.');
    const later = (Date.now() + DAY_MS).toString(36);

    expect(signer.accepts(`${later}.${start}.${mac}`, SUBJECT, START)).toBe(false);
  });

  it.each([
    '',
    '.',
    'a.b',
    'zzzzzzzzzzzzz.0.AAAAAAAAAAAAAAAAAAAAAAAA',
    `1.0.${'A'.repeat(10_000)}`,
    '1.0.€€€€€€€€€€€€€€€€€€€€€€€€',
  ])('that is none is refused: %p', (ticket) => {
    expect(signerWith('s').accepts(ticket, SUBJECT, START)).toBe(false);
  });
});
