/** The journeys that `npm test` leaves out, in Firefox. */
import { describe } from "vitest";
import { describeJourneys } from "../e2e/journeys.ts";
import { inFirefox, isFirefoxHere } from "../support/browsers/visitors.ts";

describe.skipIf(!isFirefoxHere)("Firefox", () => {
  describeJourneys(inFirefox, [3, 4, 5]);
});
