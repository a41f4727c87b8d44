/**
 * Returns the canonical text of flat parameters: JSON with sorted keys.
 *
 * Two sets of parameters are equal if their texts are equal. Properties that are undefined are left out.
 */
export function paramsText(params: object): string {
  const values = params as Readonly<Record<string, unknown>>;
  const keys = Object.keys(values).filter((key) => values[key] !== undefined);
  return `{${keys
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(values[key])}`)
    .join()}}`;
}
