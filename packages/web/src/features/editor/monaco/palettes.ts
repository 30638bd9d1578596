/** The editor's own colours, for each theme. */
import type { EditorTheme } from "../ports.ts";

export interface Palette {
  background: string;
  foreground: string;
  muted: string;
  line: string;
  accent: string;
  selection: string;
  keyword: string;
  string: string;
  number: string;
  comment: string;
  type: string;
  name: string;
  raised: string;
  invalid: string;
}

/** Every text colour has a contrast of at least 4.5 to its background; a test holds it. */
export const PALETTES: Readonly<Record<EditorTheme, Palette>> = {
  light: {
    background: "#ffffff",
    foreground: "#1f2328",
    muted: "#6b7078",
    line: "#e4e4e0",
    accent: "#3355d1",
    selection: "#c9d7fb",
    keyword: "#8250b4",
    string: "#1a6e3c",
    number: "#a04a00",
    comment: "#656b73",
    type: "#0b6a86",
    name: "#23489e",
    raised: "#f6f6f4",
    invalid: "#b3261e",
  },
  dark: {
    background: "#15171c",
    foreground: "#e2e3e7",
    muted: "#858a94",
    line: "#2b2d34",
    accent: "#8ba4ff",
    selection: "#2f4378",
    keyword: "#c9a1ff",
    string: "#8fd6a0",
    number: "#f2b06f",
    comment: "#8a909b",
    type: "#7cd0e6",
    name: "#9db8ff",
    raised: "#1d2027",
    invalid: "#ff9d94",
  },
};
