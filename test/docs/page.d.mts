export interface Block {
  readonly line: number;
  readonly language: string;
  readonly code: string;
  readonly region: { readonly file: string; readonly name: string } | undefined;
}
export interface ShownFrame {
  readonly from: 'client' | 'server' | 'either';
  readonly text: string;
}
export function blocksOf(page: string): Block[];
export function regionOf(source: string, name: string): string;
export function withRegions(page: string, read: (file: string) => string): string;
export function linksOf(page: string): string[];
export function anchorsOf(page: string): string[];
export function scriptsIn(page: string): string[];
export function framesIn(page: string): ShownFrame[];
