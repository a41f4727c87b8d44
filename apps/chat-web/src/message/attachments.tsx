import type { ChatAttachment } from '@nestwire/chat/client';
import type { CSSProperties } from 'react';
import { Icon } from '../ui/icon.js';
import './attachments.css';

/** The images and files of a message. */
export function Attachments({ attachments }: { readonly attachments: readonly ChatAttachment[] }) {
  if (attachments.length === 0) return null;
  return (
    <ul className="attachments" aria-label="Attachments">
      {attachments.map((attachment) => (
        <li key={attachment.id}>
          {attachment.contentType.startsWith('image/') ? (
            <Picture attachment={attachment} />
          ) : (
            <FileLink attachment={attachment} />
          )}
        </li>
      ))}
    </ul>
  );
}

/** An image in the place that its size reserves, so that nothing moves when it arrives. */
function Picture({ attachment }: { readonly attachment: ChatAttachment }) {
  const { url, previewUrl, name, width = 4, height = 3 } = attachment;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer" className="picture">
      <img
        src={previewUrl ?? url}
        alt={name}
        loading="lazy"
        style={{ '--width': width, '--height': height } as CSSProperties}
      />
    </a>
  );
}

function FileLink({ attachment }: { readonly attachment: ChatAttachment }) {
  const { url, name, size } = attachment;
  return (
    <a href={url} download={name} className="file-link">
      <Icon name="paperclip" />
      <span dir="auto">{name}</span>
      <span className="hint">{sizeText(size)}</span>
    </a>
  );
}

const UNITS = ['byte', 'kilobyte', 'megabyte'] as const;

function sizeText(bytes: number): string {
  const step = bytes < 1_000 ? 0 : bytes < 1_000_000 ? 1 : 2;
  const format = { style: 'unit', unit: UNITS[step]!, maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(undefined, format).format(bytes / 1_000 ** step);
}
