// @ts-check
// The foot of a list: how many rows there are, and more of them.

import { element, setText } from "./dom.js";

/** @typedef {import("./listing.js").Listing<any>} AnyListing */

const PAUSE = 300;

/**
 * Make the foot of a list, which reads on as one scrolls to its end, and keeps what is on the screen
 * up to date.
 *
 * @param {() => import("./list_box.js").ListBox<any>} box
 * @param {() => AnyListing | null} listing
 * @returns {{
 *   element: HTMLElement,
 *   show: (count: number, empty: string) => void,
 *   seen: () => void,
 *   close: () => void,
 * }} `show` says how many rows there are, `seen` that others are on the screen.
 */
export function listFoot(box, listing) {
  const text = element("span", { class: "muted", role: "status" });
  const more = element(
    "button",
    { class: "quiet", type: "button", hidden: true, onclick: () => void readOn() },
    "Show older",
  );
  let isReading = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function readOn() {
    if (!isReading) {
      isReading = true;
      await listing()?.more();
      isReading = false;
    }
  }

  /** Follow what is on the screen, once the scrolling is over. */
  function seen() {
    const { scrollTop, scrollHeight, clientHeight } = box().element;
    if (scrollTop > 0 && scrollHeight - scrollTop < 2 * clientHeight && listing()?.hasMore) {
      void readOn();
    }
    clearTimeout(timer);
    timer = setTimeout(() => listing()?.watch([...box().onScreen]), PAUSE);
  }

  return {
    element: element("div", { class: "list-foot" }, text, more),
    show(count, empty) {
      const now = listing();
      more.hidden = !now?.hasMore || !now.isReady;
      const all = now?.hasMore ? `the newest ${count}` : `${count}`;
      setText(text, now?.isReady ? (count === 0 ? empty : `${all} shown`) : "");
    },
    seen,
    close: () => clearTimeout(timer),
  };
}
