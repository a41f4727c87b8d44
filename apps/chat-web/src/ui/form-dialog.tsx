import type { ReactNode } from 'react';
import { Dialog } from './dialog.js';
import { useSubmit } from './use-submit.js';

interface FormDialogProps {
  readonly title: string;
  /** The text of the button that submits. */
  readonly action: string;
  /** The text of the button that closes. */
  readonly cancel?: string;
  /** True for an action that cannot be undone. Its button has the focus. */
  readonly isDanger?: boolean;
  readonly canSubmit?: boolean;
  readonly children: ReactNode;
  /** Does the action. The dialog shows the text of an error, and stays. */
  onSubmit(): Promise<unknown> | void;
  onClose(): void;
}

/** A dialog with a form. It stays open while an action fails, and shows why. */
export function FormDialog(props: FormDialogProps) {
  const { title, action, cancel = 'Cancel', isDanger = false, canSubmit = true, children } = props;
  const { problem, isPending, submit } = useSubmit(props.onSubmit);
  return (
    <Dialog title={title} onClose={props.onClose}>
      <form onSubmit={submit}>
        {children}
        {problem && (
          <p className="refused" role="alert">
            {problem}
          </p>
        )}
        <div className="dialog-buttons">
          <button type="button" className="secondary" onClick={props.onClose}>
            {cancel}
          </button>
          <button
            className={isDanger ? 'danger' : 'primary'}
            disabled={!canSubmit || isPending}
            autoFocus={isDanger}
          >
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
