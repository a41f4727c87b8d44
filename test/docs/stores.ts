import type { Store } from '@nestwire/client/store';
import { Observable } from 'rxjs';

// #region svelte
/** A store of Svelte: a component reads it as `$value`. */
export function svelteStore<T>(store: Store<T>) {
  return {
    subscribe(run: (value: T) => void) {
      const leave = store.subscribe(() => run(store.get()));
      run(store.get());
      return leave;
    },
  };
}
// #endregion svelte

// #region angular
/** An Observable of a store; a component calls `toSignal(observableOf(store), { initialValue: store.initial })`. */
export function observableOf<T>(store: Store<T>): Observable<T> {
  return new Observable((subscriber) => {
    const leave = store.subscribe(() => subscriber.next(store.get()));
    subscriber.next(store.get());
    return leave;
  });
}
// #endregion angular
