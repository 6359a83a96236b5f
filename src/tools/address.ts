// The settings of a page in its address.

let written = "";

/** Puts the settings into the address without a new entry in the browser's history. */
export function writeHash(hash: string): void {
  written = hash;
  if (location.hash !== hash) history.replaceState(history.state, "", hash);
}

/**
 * Whether the page itself wrote this address, or it is a place on the page and no settings.
 *
 * @param name the setting that every address of this page holds
 */
export function isOwnHash(hash: string, name: string): boolean {
  return hash === written || !new URLSearchParams(hash.replace(/^#/, "")).has(name);
}
