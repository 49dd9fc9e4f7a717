// @ts-check
// A page with help lines: a phone dials their numbers.

import { makeDialable } from "./dialing.js";

makeDialable(document);
