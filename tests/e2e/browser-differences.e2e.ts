/** The browser differences in Chromium; tests/browsers has Firefox and WebKitGTK. */
import { inChromium } from "../support/browsers/visitors.ts";
import { describeDifferences } from "./browser-differences.ts";

describeDifferences(inChromium);
