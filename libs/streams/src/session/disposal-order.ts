import { dependenciesOf, type ProviderWrapper } from '../enhancers/nest-compat.js';

/** Sorts providers so that dependents come before their dependencies. */
export class DisposalOrder {
  // An existing instance has all of its dependencies, so the height of its provider is final.
  private readonly heights = new WeakMap<ProviderWrapper, number>();

  /** Returns the providers, dependents first. */
  sort(wrappers: readonly ProviderWrapper[]): ProviderWrapper[] {
    return [...wrappers].sort((a, b) => this.heightOf(b) - this.heightOf(a));
  }

  /** Returns the length of the longest path to a provider without dependencies. */
  private heightOf(wrapper: ProviderWrapper, above: readonly ProviderWrapper[] = []): number {
    const known = this.heights.get(wrapper);
    if (known !== undefined) return known;
    if (above.includes(wrapper)) return 0;
    const below = dependenciesOf(wrapper).map((item) => this.heightOf(item, [...above, wrapper]));
    const height = 1 + Math.max(0, ...below);
    this.heights.set(wrapper, height);
    return height;
  }
}
