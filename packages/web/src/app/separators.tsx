/** The two bars between the panes. */
import { useStore } from "zustand";
import { FILES_WIDTH, OUTPUT_WIDTH } from "./layout-store.ts";
import { Separator } from "./separator.tsx";
import { useApp } from "./services.ts";

export const FilesSeparator = () => {
  const { layout } = useApp();
  const filesWidth = useStore(layout, (state) => state.filesWidth);
  return (
    <Separator
      label="Width of the files"
      controls="slot-files"
      value={filesWidth}
      {...FILES_WIDTH}
      step={16}
      direction={1}
      valueAt={(clientX) => clientX}
      onChange={(next) => layout.setState({ filesWidth: next })}
    />
  );
};

export const OutputSeparator = () => {
  const { layout } = useApp();
  const outputWidth = useStore(layout, (state) => state.outputWidth);
  return (
    <Separator
      label="Width of the output"
      controls="slot-output"
      value={outputWidth}
      {...OUTPUT_WIDTH}
      step={2}
      direction={-1}
      valueAt={(clientX) => ((innerWidth - clientX) / innerWidth) * 100}
      onChange={(next) => layout.setState({ outputWidth: next })}
    />
  );
};
