/** Keeps a fault where it happened: what is inside goes, what is beside it stays, and a reader has something to press. */
import { Component, type ReactNode } from "react";

export type BoundaryProps = {
  readonly children: ReactNode;
  /** Drawn in the place of what failed; `retry` draws that anew. */
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

/** In the place of a pane or a bar. */
export const partFailed = (retry: () => void): ReactNode => (
  <div className="part-failed" role="alert">
    <span>This part has failed.</span>
    <button className="button" onClick={retry}>
      Try again
    </button>
    <ReloadButton />
  </div>
);

/** In the place of everything that React draws; the editor is not among it. */
export const pageFailed = (): ReactNode => (
  <div className="page-failed" role="alert">
    <span>The page around the editor has failed. What you type is still saved.</span>
    <ReloadButton />
  </div>
);
