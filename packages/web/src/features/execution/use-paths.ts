/** The project's paths, as links in the output need them. */
import { useApp } from "../../app/services.ts";
import { filesOf } from "../files/entries.ts";

/** The paths that output may name. */
export const usePaths = (): (() => readonly string[]) => {
  const app = useApp();
  return () => {
    const { state } = app.projects.getState();
    return state.kind === "sample"
      ? [state.sample.path]
      : filesOf(app.files.getState().entries).map(({ path }) => path);
  };
};
