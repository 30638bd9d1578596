/** The first two journeys in Firefox, and what it does differently; the other journeys run with `npm run test:all`. */
import { describe } from "vitest";
import { inFirefox, isFirefoxHere } from "../support/browsers/visitors.ts";
import { describeDifferences } from "./browser-differences.ts";
import { describeJourneys } from "./journeys.ts";

describe.skipIf(!isFirefoxHere)("Firefox", () => {
  describeJourneys(inFirefox, [1, 2]);
  describeDifferences(inFirefox);
});
