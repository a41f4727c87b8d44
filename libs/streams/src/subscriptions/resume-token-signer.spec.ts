import { ResumeTokenSigner } from './resume-token-signer.js';

const START = { epoch: 'e', offset: 5, id: 'x' };
const SUBJECT = { holder: 'user:alice', endpoint: 'chat', paramsText: '', channel: 'room:a' };
const DAY_MS = 86_400_000;

function signerWith(secret: string, resumeTokenMs = DAY_MS): ResumeTokenSigner {
  const signer = new ResumeTokenSigner(resumeTokenMs);
  signer.use(secret);
  return signer;
}

describe('A resume token', () => {
  it('is accepted by every server that has the secret', () => {
    const resumeToken = signerWith('s').issue(SUBJECT, START);

    expect(signerWith('s').accept(resumeToken, SUBJECT, START)).toBe(0);
    expect(signerWith('other').accept(resumeToken, SUBJECT, START)).toBeUndefined();
  });

  it.each([
    { ...SUBJECT, holder: 'user:bob' },
    { ...SUBJECT, holder: 'client:x' },
    { ...SUBJECT, endpoint: 'game' },
    { ...SUBJECT, channel: 'room:b' },
    { ...SUBJECT, paramsText: '{"room":"a"}' },
  ])('is for its subject alone: not for %p', (other) => {
    const signer = signerWith('s');

    expect(signer.accept(signer.issue(SUBJECT, START), other, START)).toBeUndefined();
    expect(signer.accept(signer.issue(other, START), other, START)).toBe(0);
  });

  it('tells subjects apart whose texts joined are the same', () => {
    const signer = signerWith('s');
    const resumeToken = signer.issue({ ...SUBJECT, holder: 'a","b', endpoint: 'c', channel: 'd' }, START);

    expect(
      signer.accept(resumeToken, { ...SUBJECT, holder: 'a', endpoint: 'b","c', channel: 'd' }, START),
    ).toBeUndefined();
  });

  it('expires', () => {
    const signer = signerWith('s', -1);

    expect(signer.accept(signer.issue(SUBJECT, START), SUBJECT, START)).toBeUndefined();
  });

  it('opens what is behind the place that it was issued at, and nothing before', () => {
    const signer = signerWith('s');
    const resumeToken = signer.issue(SUBJECT, START);

    expect(signer.accept(resumeToken, SUBJECT, { ...START, offset: 6 })).toBe(0);
    expect(signer.accept(resumeToken, SUBJECT, { ...START, offset: 4 })).toBeUndefined();
    expect(signer.accept(resumeToken, SUBJECT, { ...START, offset: 0, id: '' })).toBeUndefined();
    expect(signer.accept(resumeToken, SUBJECT, { ...START, epoch: 'other' })).toBeUndefined();
    expect(
      signer.accept(resumeToken.replace('.5.', '.0.'), SUBJECT, { ...START, offset: 4 }),
    ).toBeUndefined();
  });

  it('tells its generation, and cannot be given another', () => {
    const signer = signerWith('s');
    const resumeToken = signer.issue(SUBJECT, START, 36);

    expect(signer.accept(resumeToken, SUBJECT, START)).toBe(36);
    expect(signer.accept(resumeToken.replace('.10.', '.11.'), SUBJECT, START)).toBeUndefined();
  });

  it('cannot be given another expiry', () => {
    const signer = signerWith('s', -1);
    const [, start, generation, mac] = signer.issue(SUBJECT, START).split('.');
    const later = (Date.now() + DAY_MS).toString(36);

    expect(signer.accept(`${later}.${start}.${generation}.${mac}`, SUBJECT, START)).toBeUndefined();
  });

  it.each([
    '',
    '.',
    'a.b',
    'zzzzzzzzzzzzz.0.0.AAAAAAAAAAAAAAAAAAAAAAAA',
    `1.0.0.${'A'.repeat(10_000)}`,
    '1.0.0.€€€€€€€€€€€€€€€€€€€€€€€€',
  ])('that is none is refused: %p', (resumeToken) => {
    expect(signerWith('s').accept(resumeToken, SUBJECT, START)).toBeUndefined();
  });
});
