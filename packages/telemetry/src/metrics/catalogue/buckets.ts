/** Of calls that take milliseconds: fine enough that a 99th percentile of 40 ms can be told from one of 60. */
export const LATENCY_SECONDS = [
  0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5,
  10, 30,
];

/** Of what may take milliseconds while all is well and days after an outage. */
export const FRESHNESS_SECONDS = [
  0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200,
  86_400,
];

/** How many there are of something at once. */
export const SIZES = [1, 10, 50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000];
