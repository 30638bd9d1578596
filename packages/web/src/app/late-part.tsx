/** A part whose code is loaded when it is first shown. When that fails, a dialog says so and offers to try again. */
import { CloudOff } from "lucide-react";
import { type ComponentType, lazy, type ReactNode, Suspense, useLayoutEffect, useRef, useState } from "react";
import { Boundary, partFailed, ReloadButton } from "./boundary.tsx";

/** A minimal dialog: the usual one is part of the code that did not load. */
const NotLoaded = ({ onRetry, onClose }: { readonly onRetry: () => void; readonly onClose: () => void }) => {
  const dialog = useRef<HTMLDialogElement>(null);
  // Closed by the browser before it is removed, so that the focus returns to where it was.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="not-loaded"
      aria-labelledby="not-loaded"
      onClose={() => dialog.current && onClose()}
    >
      <div className="empty-pane">
        <CloudOff size={22} strokeWidth={1.75} aria-hidden />
        <h2 id="not-loaded">This part could not be loaded</h2>
        <p>The connection may be lost, or Atelier was updated after this page was opened. Your edits are kept.</p>
        <div className="cover-actions">
          <button className="button button-primary" onClick={onRetry}>
            Try again
          </button>
          <ReloadButton />
          <button className="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </div>
    </dialog>
  );
};

/** The part as it is loaded now, shared by all who show it, and another attempt to load it. */
const createAttempts = <P extends object>(load: () => Promise<ComponentType<P>>) => {
  const begin = () => lazy(async () => ({ default: await load() }));
  let shared = begin();
  return {
    current: () => shared,
    // A lazy part remembers its failure for good, so another attempt needs another one.
    beginAnew: () => {
      shared = begin();
      return shared;
    },
  };
};

/** `onClose` closes the dialog about the part that did not load. */
export const createLatePart = <P extends object>(load: () => Promise<ComponentType<P>>) => {
  const { current, beginAnew } = createAttempts(load);
  const LatePart = ({ with: props, onClose }: { readonly with: P; readonly onClose: () => void }): ReactNode => {
    const [Part, setPart] = useState(current);
    return (
      <Boundary
        instead={(retry) => (
          <NotLoaded
            onRetry={() => {
              setPart(beginAnew());
              retry();
            }}
            onClose={() => {
              beginAnew();
              onClose();
            }}
          />
        )}
      >
        <Suspense fallback={null}>
          <Part {...props} />
        </Suspense>
      </Boundary>
    );
  };
  return LatePart;
};

/** For a part of a pane: where it should be it says that it did not load, and offers another try. */
export const createLatePane = <P extends object>(load: () => Promise<ComponentType<P>>) => {
  const { current, beginAnew } = createAttempts(load);
  const LatePane = (props: P): ReactNode => {
    const [Part, setPart] = useState(current);
    return (
      <Boundary
        instead={(retry) =>
          partFailed(() => {
            setPart(beginAnew());
            retry();
          })
        }
      >
        <Suspense fallback={null}>
          <Part {...props} />
        </Suspense>
      </Boundary>
    );
  };
  return LatePane;
};
