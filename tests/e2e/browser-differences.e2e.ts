/** In Chromium; the same in Firefox and WebKitGTK beside this. */
import { inChromium } from "../support/browsers/visitors.ts";
import { describeDifferences } from "./browser-differences.ts";

describeDifferences(inChromium);
