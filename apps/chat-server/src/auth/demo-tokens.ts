import { createHmac, timingSafeEqual } from 'node:crypto';

const LIFETIME_MS = 30 * 86_400_000;

/** Signs the ids of users, so that nobody signs in with the id of another. */
export class DemoTokens {
  constructor(private readonly secret: Buffer) {}

  /** Makes the token of a user; it is valid for 30 days. */
  sign(userId: string): string {
    const body = Buffer.from(JSON.stringify([userId, Date.now() + LIFETIME_MS])).toString('base64url');
    return `${body}.${this.signatureOf(body).toString('base64url')}`;
  }

  /** Returns the id of the user; null for a token that is forged or too old. */
  read(token: string): string | null {
    const [body = '', signature = ''] = token.split('.');
    const given = Buffer.from(signature, 'base64url');
    const expected = this.signatureOf(body);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
    const [userId, expiresAt] = JSON.parse(Buffer.from(body, 'base64url').toString()) as [string, number];
    return expiresAt > Date.now() ? userId : null;
  }

  private signatureOf(body: string): Buffer {
    return createHmac('sha256', this.secret).update(body).digest();
  }
}
