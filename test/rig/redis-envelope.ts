/** Writes the publication of another process: messages as their type and the text of their properties. */
export function redisEnvelope(...messages: ReadonlyArray<readonly [type: string, data: string]>): string {
  const index = messages.map(([type, data]) => [type, Buffer.byteLength(data)]);
  const header = JSON.stringify({ v: 1, origin: 'another', messages: index });
  return `${header}\n${messages.map(([, data]) => data).join('')}`;
}
