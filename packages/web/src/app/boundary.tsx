/** Error boundaries: a part that throws is replaced by a message with a retry button; the other parts keep working. */
import { Component, type ReactNode } from "react";

export type BoundaryProps = {
  readonly children: ReactNode;
  /** Rendered instead of the failed part; `retry` renders that part again. */
  readonly instead: (retry: () => void) => ReactNode;
};

/** React knows error boundaries as classes only. */
export class Boundary extends Component<BoundaryProps, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  readonly #retry = (): void => this.setState({ hasFailed: false });

  override render(): ReactNode {
    return this.state.hasFailed ? this.props.instead(this.#retry) : this.props.children;
  }
}

export const ReloadButton = () => (
  <button className="button" onClick={() => location.reload()}>
    Reload
  </button>
);

/** Shown instead of a pane or a bar. */
export const partFailed = (retry: () => void): ReactNode => (
  <div className="part-failed" role="alert">
    <span>This part has failed.</span>
    <button className="button" onClick={retry}>
      Try again
    </button>
    <ReloadButton />
  </div>
);

/** Shown instead of everything that React renders; the editor is not part of it. */
export const pageFailed = (): ReactNode => (
  <div className="page-failed" role="alert">
    <span>The page around the editor has failed. What you type is still saved.</span>
    <ReloadButton />
  </div>
);
