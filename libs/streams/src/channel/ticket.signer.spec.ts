import { TicketSigner } from './ticket.signer.js';

const SUBJECT = { user: 'alice', endpoint: 'chat', channel: 'room:a' };
const DAY_MS = 86_400_000;

function signerWith(secret: string, ticketMs = DAY_MS): TicketSigner {
  const signer = new TicketSigner(ticketMs);
  signer.use(secret);
  return signer;
}

describe('A ticket', () => {
  it('is accepted by every server that has the secret', () => {
    const ticket = signerWith('s').issue(SUBJECT);

    expect(signerWith('s').accepts(ticket, SUBJECT)).toBe(true);
    expect(signerWith('other').accepts(ticket, SUBJECT)).toBe(false);
  });

  it.each([
    { ...SUBJECT, user: 'bob' },
    { ...SUBJECT, user: null },
    { ...SUBJECT, endpoint: 'game' },
    { ...SUBJECT, channel: 'room:b' },
  ])('is for its subject alone: not for %p', (other) => {
    const signer = signerWith('s');

    expect(signer.accepts(signer.issue(SUBJECT), other)).toBe(false);
    expect(signer.accepts(signer.issue(other), other)).toBe(true);
  });

  it('tells subjects apart whose texts joined are the same', () => {
    const signer = signerWith('s');
    const ticket = signer.issue({ user: 'a","b', endpoint: 'c', channel: 'd' });

    expect(signer.accepts(ticket, { user: 'a', endpoint: 'b","c', channel: 'd' })).toBe(false);
  });

  it('expires', () => {
    const signer = signerWith('s', -1);

    expect(signer.accepts(signer.issue(SUBJECT), SUBJECT)).toBe(false);
  });

  it('cannot be given another expiry', () => {
    const signer = signerWith('s', -1);
    const [, mac] = signer.issue(SUBJECT).split('.');
    const later = (Date.now() + DAY_MS).toString(36);

    expect(signer.accepts(`${later}.${mac}`, SUBJECT)).toBe(false);
  });

  it.each([
    '',
    '.',
    'a.b',
    'zzzzzzzzzzzzz.AAAAAAAAAAAAAAAAAAAAAAAA',
    `1.${'A'.repeat(10_000)}`,
    '1.€€€€€€€€€€€€€€€€€€€€€€€€',
  ])('that is none is refused: %p', (ticket) => {
    expect(signerWith('s').accepts(ticket, SUBJECT)).toBe(false);
  });
});
