/** Below the output of an ended run: what it left, and how it ended. */
import { ExitLine } from "./exit-line.tsx";
import type { ExecutionSummary } from "./run-store.ts";
import { WrittenFilesLine } from "./written-files-line.tsx";

export const RunEnd = ({ execution }: { readonly execution: ExecutionSummary }) => (
  <>
    <WrittenFilesLine execution={execution} />
    <ExitLine key={execution.id} execution={execution} />
  </>
);
