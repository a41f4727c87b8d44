/** Asks the server for the ids of the users whom the user of a token has blocked. */
export async function requestBlocks(token: string): Promise<readonly string[]> {
  const response = await fetch('/blocks', { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error('The blocked users cannot be loaded.');
  return (await response.json()) as readonly string[];
}
