/** The wanted part of a list. */
export interface ListRequest {
  /** The cursor of the page before; without it, the first page. */
  readonly cursor?: string;
  /** @default 30 */
  readonly limit?: number;
}

/** A page of a list. */
export interface ListPage<T> {
  readonly entries: readonly T[];
  /** The cursor of the next page; null at the end. */
  readonly next: string | null;
}

/** The default of `limit`. */
export const DEFAULT_LIST_PAGE = 30;
