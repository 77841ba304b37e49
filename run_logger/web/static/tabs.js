// @ts-check
// A bar of tabs, as links: what each shows has an address.

import { element, replace } from "./dom.js";

/** @typedef {import("./state.js").PageState} PageState */
/**
 * @typedef {object} Tab
 * @property {string} label
 * @property {Partial<PageState>} change What of the state it changes.
 * @property {(state: Readonly<PageState>) => boolean} isCurrent
 */

/**
 * Fill the bar of tabs, and keep it right.
 *
 * @param {HTMLElement} bar
 * @param {Tab[]} tabs
 * @param {import("./state.js").State} state
 */
export function tabBar(bar, tabs, state) {
  const links = tabs.map(({ label, change }) => link(label, change, state));
  replace(bar, links);
  state.follow(
    (now) => now,
    (now) => {
      links.forEach((made, index) => {
        const tab = /** @type {Tab} */ (tabs[index]);
        made.href = state.address(tab.change);
        if (tab.isCurrent(now)) {
          made.setAttribute("aria-current", "page");
        } else {
          made.removeAttribute("aria-current");
        }
      });
    },
  );
}

/**
 * Return a link that changes the state, in this page or, as browsers do, in a new tab.
 *
 * @param {string} label
 * @param {Partial<PageState>} change
 * @param {import("./state.js").State} state
 * @returns {HTMLAnchorElement}
 */
export function link(label, change, state) {
  return element(
    "a",
    {
      href: state.address(change),
      onclick: (/** @type {MouseEvent} */ event) => {
        if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
          event.preventDefault();
          state.set(change);
        }
      },
    },
    label,
  );
}
