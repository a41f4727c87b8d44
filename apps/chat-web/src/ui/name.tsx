/** A name of a person or a channel, in the direction of its own script. */
export function Name({ children, className }: { readonly children: string; readonly className?: string }) {
  return (
    <span className={className}>
      <bdi>{children}</bdi>
    </span>
  );
}
