/** A bar between two panes (ARIA window splitter): dragged, or moved with the arrow keys. */
import type { KeyboardEvent, PointerEvent } from "react";

export type SeparatorProps = {
  readonly label: string;
  /** The element whose size it sets. */
  readonly controls: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** How much one arrow key moves it, and which way is more. */
  readonly step: number;
  readonly direction: 1 | -1;
  readonly first: number;
  /** Between panes beside each other, or above each other. */
  readonly orientation?: "vertical" | "horizontal";
  /** The value for a pointer at this position in the window, in CSS pixels from the left or, if horizontal, from the top. */
  readonly valueAt: (client: number) => number;
  readonly onChange: (value: number) => void;
};

export const Separator = (props: SeparatorProps) => {
  const { value, least, most, step, direction, first, orientation = "vertical" } = props;
  const isHorizontal = orientation === "horizontal";
  const change = (wanted: number): void => props.onChange(Math.min(most, Math.max(least, wanted)));
  const onKeyDown = (event: KeyboardEvent): void => {
    const wanted: Readonly<Record<string, number>> = {
      [isHorizontal ? "ArrowDown" : "ArrowRight"]: value + step * direction,
      [isHorizontal ? "ArrowUp" : "ArrowLeft"]: value - step * direction,
      Home: least,
      End: most,
      Enter: first,
    };
    const next = wanted[event.key];
    if (next === undefined) return;
    event.preventDefault();
    change(next);
  };
  const onPointerDown = (event: PointerEvent<HTMLElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    event.currentTarget.dataset["dragging"] = "";
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>): void => {
    if (event.currentTarget.hasPointerCapture(event.pointerId))
      change(props.valueAt(isHorizontal ? event.clientY : event.clientX));
  };
  const onPointerUp = (event: PointerEvent<HTMLElement>): void => {
    delete event.currentTarget.dataset["dragging"];
  };
  return (
    <div
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a separator that takes focus and keys is no hr
      role="separator"
      className="separator"
      tabIndex={0}
      aria-label={props.label}
      aria-orientation={orientation}
      aria-controls={props.controls}
      aria-valuenow={Math.round(value)}
      aria-valuemin={least}
      aria-valuemax={most}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onDoubleClick={() => change(first)}
    />
  );
};
