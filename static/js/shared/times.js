// @ts-check
// Shows the moments of a page by the reader's own clock. Without this, they are by the clock of the site.

import { localTimes } from "./dom.js";

localTimes(document);
