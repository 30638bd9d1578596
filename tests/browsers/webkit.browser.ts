/** The five journeys in WebKitGTK, the engine of Safari, and tests of its differences. */
import { describe } from "vitest";
import { describeDifferences } from "../e2e/browser-differences.ts";
import { describeJourneys } from "../e2e/journeys.ts";
import { inWebKit, isWebKitHere } from "../support/browsers/visitors.ts";

describe.skipIf(!isWebKitHere)("WebKitGTK", () => {
  describeJourneys(inWebKit, [1, 2, 3, 4, 5]);
  describeDifferences(inWebKit);
});
