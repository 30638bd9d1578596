/** The journeys that `npm test` leaves out, and tests of its differences, in Firefox. */
import { describe } from "vitest";
import { describeDifferences } from "../e2e/browser-differences.ts";
import { describeJourneys } from "../e2e/journeys.ts";
import { inFirefox, isFirefoxHere } from "../support/browsers/visitors.ts";

describe.skipIf(!isFirefoxHere)("Firefox", () => {
  describeJourneys(inFirefox, [3, 4, 5]);
  describeDifferences(inFirefox);
});
