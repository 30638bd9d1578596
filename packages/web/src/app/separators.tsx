/** The bars between the panes, and between the groups of a split editor. */
import { useStore } from "zustand";
import { GROUP_ELEMENTS } from "../features/files/group-elements.ts";
import { FILES_WIDTH, GROUP_WIDTH, OUTPUT_HEIGHT, OUTPUT_WIDTH } from "./layout-store.ts";
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

/** Of the panel below the code. */
const PanelTop = () => {
  const { layout } = useApp();
  const outputHeight = useStore(layout, (state) => state.outputHeight);
  return (
    <Separator
      label="Height of the output"
      controls="slot-output"
      orientation="horizontal"
      value={outputHeight}
      {...OUTPUT_HEIGHT}
      step={2}
      direction={-1}
      valueAt={(clientY) => ((innerHeight - clientY) / innerHeight) * 100}
      onChange={(next) => layout.setState({ outputHeight: next })}
    />
  );
};

export const OutputSeparator = () => {
  const { layout } = useApp();
  const outputWidth = useStore(layout, (state) => state.outputWidth);
  const isBelow = useStore(layout, ({ panelAt }) => panelAt === "bottom");
  if (isBelow) return <PanelTop />;
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

export const GroupSeparator = () => {
  const { layout } = useApp();
  const groupWidth = useStore(layout, (state) => state.groupWidth);
  return (
    <Separator
      label="Width of the first group"
      controls={GROUP_ELEMENTS[0].frame}
      value={groupWidth}
      {...GROUP_WIDTH}
      step={2}
      direction={1}
      valueAt={(clientX) => {
        const code = document.getElementById("region-code")?.getBoundingClientRect();
        return code && code.width > 0 ? ((clientX - code.left) / code.width) * 100 : groupWidth;
      }}
      onChange={(next) => layout.setState({ groupWidth: next })}
    />
  );
};
