// @ts-check
// What the page shows, as its address says it: whoever gets the address sees the same.

import { Observable } from "./events.js";

/**
 * @typedef {object} PageState
 * @property {number[]} runs The chosen runs.
 * @property {number | null} sweep The chosen sweep; the list holds its runs alone.
 * @property {"runs" | "sweeps"} list What the list holds.
 * @property {string} filter The filter of the list, as it was typed.
 * @property {"current" | "archived"} archived Which of them the list holds.
 * @property {string} sort The column of the list by which it is sorted: `""` (newest first),
 *   `lr` or `-lr` (descending).
 * @property {string} tab What the main pane shows.
 * @property {string} zoom What charts are zoomed to; its form is theirs.
 */

/** @type {Readonly<PageState>} */
export const START = Object.freeze({
  runs: [],
  sweep: null,
  list: "runs",
  filter: "",
  archived: "current",
  sort: "",
  tab: "charts",
  zoom: "",
});

/** The state, in the address and in the history of the browser. */
export class State {
  /** @type {Observable<Readonly<PageState>>} */
  #state = new Observable(read(location.search));

  constructor() {
    addEventListener("popstate", () => this.#state.set(read(location.search)));
  }

  /** @returns {Readonly<PageState>} */
  get() {
    return this.#state.get();
  }

  /**
   * Change some of it.
   *
   * @param {Partial<PageState>} change
   * @param {{replace?: boolean}} [options] `replace`: the way back does not lead to the state from
   *   before. For what changes in small steps, such as typing and zooming.
   */
  set(change, { replace = false } = {}) {
    const next = { ...this.get(), ...change };
    const address = write(next);
    if (address === write(this.get())) {
      return;
    }
    history[replace ? "replaceState" : "pushState"](null, "", address);
    this.#state.set(next);
  }

  /**
   * Return the address of the page with some of the state changed, for links.
   *
   * @param {Partial<PageState>} change
   * @returns {string}
   */
  address(change) {
    return write({ ...this.get(), ...change });
  }

  /**
   * Call a listener at each change.
   *
   * @param {(state: Readonly<PageState>) => void} listener
   * @returns {() => void} Ends it.
   */
  subscribe(listener) {
    return this.#state.subscribe(listener);
  }

  /**
   * Call a listener now, and at each change of what `select` returns, compared as JSON.
   *
   * @template Part
   * @param {(state: Readonly<PageState>) => Part} select
   * @param {(part: Part) => void} listener
   * @returns {() => void} Ends it.
   */
  follow(select, listener) {
    /** @type {string | null} */
    let before = null;
    return this.#state.follow((state) => {
      const part = select(state);
      const now = JSON.stringify(part);
      if (now !== before) {
        before = now;
        listener(part);
      }
    });
  }
}

/**
 * @param {string} search
 * @returns {Readonly<PageState>}
 */
function read(search) {
  const given = new URLSearchParams(search);
  const sweep = Number(given.get("sweep"));
  return {
    runs: readRanges(given.get("runs") ?? ""),
    sweep: isId(sweep) ? sweep : null,
    list: given.get("list") === "sweeps" ? "sweeps" : "runs",
    filter: given.get("filter") ?? START.filter,
    archived: given.get("archived") === "archived" ? "archived" : "current",
    sort: given.get("sort") ?? START.sort,
    tab: given.get("tab") ?? START.tab,
    zoom: given.get("zoom") ?? START.zoom,
  };
}

/**
 * @param {PageState} state
 * @returns {string}
 */
function write(state) {
  const parameters = new URLSearchParams();
  for (const name of /** @type {(keyof PageState)[]} */ (Object.keys(START))) {
    const value = name === "runs" ? writeRanges(state.runs) : state[name];
    if (value !== null && value !== "" && value !== START[name]) {
      parameters.set(name, String(value));
    }
  }
  // Commas are allowed there, and much easier on the eye.
  const search = parameters.toString().replaceAll("%2C", ",");
  return search ? `?${search}` : location.pathname;
}

/**
 * Read `3,7-9` as [3, 7, 8, 9].
 *
 * @param {string} text
 * @returns {number[]}
 */
function readRanges(text) {
  const ids = text.split(",").flatMap((part) => {
    const [first = NaN, last = first] = part.split("-").map(Number);
    const isRange = isId(first) && isId(last) && last >= first && last - first < 1000;
    return isRange ? Array.from({ length: last - first + 1 }, (_, index) => first + index) : [];
  });
  return [...new Set(ids)];
}

/**
 * Write ids in their order, three and more that follow each other as a range.
 *
 * @param {number[]} ids
 * @returns {string}
 */
function writeRanges(ids) {
  /** @type {[number, number][]} */
  const ranges = [];
  for (const id of ids) {
    const range = ranges.at(-1);
    if (range && range[1] + 1 === id) {
      range[1] = id;
    } else {
      ranges.push([id, id]);
    }
  }
  return ranges
    .flatMap(([first, last]) =>
      last - first > 1 ? `${first}-${last}` : last > first ? [first, last] : first,
    )
    .join(",");
}

/** @param {number} value */
function isId(value) {
  return Number.isInteger(value) && value > 0 && value < 2 ** 31;
}
