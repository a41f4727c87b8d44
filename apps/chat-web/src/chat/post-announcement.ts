/** The maximum length of an announcement, in characters. */
export const MAX_ANNOUNCEMENT_LENGTH = 280;

/**
 * Posts an announcement to everybody, over HTTP.
 *
 * @throws {Error} when the server refuses it or is unreachable
 */
export async function postAnnouncement(text: string): Promise<void> {
  const response = await fetch('/announcements', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  });
  if (!response.ok) throw new Error(`The server refused the announcement (${response.status}).`);
}
