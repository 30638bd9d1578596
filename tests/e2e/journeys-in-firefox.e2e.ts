/** The first two journeys in Firefox, and tests of its differences; `npm run test:all` runs the other journeys. */
import { describe } from "vitest";
import { inFirefox, isFirefoxHere } from "../support/browsers/visitors.ts";
import { describeDifferences } from "./browser-differences.ts";
import { describeJourneys } from "./journeys.ts";

describe.skipIf(!isFirefoxHere)("Firefox", () => {
  describeJourneys(inFirefox, [1, 2]);
  describeDifferences(inFirefox);
});
