// @ts-check
// Drafts: text that was typed and not sent yet. The browser stores it for one account until it signs out.

const PREFIX = "draft:";
const SIGNED_OUT = "signed-out"; // set and removed at once, which notifies the other tabs

/** The key of a draft. @param {string} account @param {string} name */
export function keyOf(account, name) {
  return `${PREFIX}${account}:${name}`;
}

/** Forgets every draft except those of `account`. Forgets all if it is empty. @param {string} account */
export function forgetDrafts(account) {
  try {
    for (const key of Object.keys(localStorage)) {
      const isTheirs = account && key.startsWith(keyOf(account, ""));
      if (key.startsWith(PREFIX) && !isTheirs) localStorage.removeItem(key);
    }
  } catch {
    // Storage is off, so there are no drafts.
  }
}

/** Forgets all drafts, and tells the other tabs that this browser is signed out. */
export function signOut() {
  forgetDrafts("");
  try {
    localStorage.setItem(SIGNED_OUT, "yes");
    localStorage.removeItem(SIGNED_OUT);
  } catch {
    // Storage is off; the server notifies the other tabs.
  }
}

/** Calls `react` when another tab signs out or clears the storage. @param {() => void} react */
export function whenSignedOut(react) {
  addEventListener("storage", (event) => (event.key === SIGNED_OUT || event.key === null) && react());
}
