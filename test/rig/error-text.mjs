/** Returns the stack of an error, or the text of something else that was thrown. @param {unknown} error */
export function textOf(error) {
  return String((error instanceof Error && error.stack) || error);
}

/** Returns the code of an error; its stack where it has none. @param {unknown} error @returns {string} */
export function reasonOf(error) {
  const { code } = /** @type {{ code?: string }} */ (Object(error));
  return code ?? textOf(error);
}
