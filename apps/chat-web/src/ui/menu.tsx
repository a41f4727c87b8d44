import { useState, type KeyboardEvent } from 'react';
import { Icon, type IconName } from './icon.js';
import { IconButton } from './icon-button.js';
import { Popover } from './popover.js';
import './menu.css';

/** An entry of a menu. */
export interface MenuAction {
  readonly icon: IconName;
  readonly label: string;
  run(): Promise<void> | void;
}

interface MenuProps {
  /** The name of the button, as in `More`. */
  readonly label: string;
  /** The name of the open menu. */
  readonly title: string;
  readonly actions: readonly MenuAction[];
  onError(this: void, error: unknown): void;
}

/** A button that opens a list of actions. The arrow keys move in it. */
export function Menu({ label, title, actions, onError }: MenuProps) {
  const [isOpen, setOpen] = useState(false);

  function start({ run }: MenuAction): void {
    setOpen(false);
    Promise.resolve().then(run).catch(onError);
  }

  return (
    <span className="menu-anchor">
      <IconButton icon="dots" label={label} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} />
      {isOpen && (
        <Popover label={title} className="menu" onClose={() => setOpen(false)}>
          <div onKeyDown={moveInMenu}>
            {actions.map((action) => (
              <button key={action.label} type="button" onClick={() => start(action)}>
                <Icon name={action.icon} size={17} /> {action.label}
              </button>
            ))}
          </div>
        </Popover>
      )}
    </span>
  );
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

function moveInMenu(event: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key];
  if (step === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons.at((at + step) % buttons.length)?.focus();
}
