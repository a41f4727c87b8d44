/** Returns true in production (`NODE_ENV=production`). */
export function isProduction(): boolean {
  return process.env.NODE_ENV === 'production';
}
