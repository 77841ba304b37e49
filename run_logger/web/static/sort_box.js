// @ts-check
// The order of the list.

import { element, replace } from "./dom.js";

/** @typedef {import("./types.js").ListedRun} ListedRun */

/**
 * A choice of orders: newest first, or by a last value or a parameter. The name of an order is
 * `values.loss` or `parameters.lr`, with `-` before it where the highest comes first.
 *
 * @param {(sort: string) => void} onSort
 * @returns {{element: HTMLElement, show: (runs: ListedRun[], sort: string) => void}}
 */
export function sortBox(onSort) {
  const select = element("select", {
    "aria-label": "Order",
    onchange: () => onSort(select.value),
  });
  let shown = "";

  /**
   * @param {ListedRun[]} runs
   * @param {string} sort
   */
  function show(runs, sort) {
    const groups = {
      values: keys(runs, "values", sort),
      parameters: keys(runs, "parameters", sort),
    };
    const now = JSON.stringify(groups);
    if (now !== shown) {
      shown = now;
      replace(
        select,
        element("option", { value: "" }, "Newest first"),
        group("Last value", "values", groups.values),
        group("Parameter", "parameters", groups.parameters),
      );
    }
    select.value = sort;
  }

  return { element: select, show };
}

/**
 * Return runs in an order; those without the value come last.
 *
 * @param {ListedRun[]} runs Newest first.
 * @param {string} sort
 * @returns {ListedRun[]}
 */
export function sorted(runs, sort) {
  if (sort === "") {
    return runs;
  }
  const sign = sort.startsWith("-") ? -1 : 1;
  const [place, key] = parts(sort);
  const value = (/** @type {ListedRun} */ run) => run[place][key];
  return runs.toSorted((one, other) => sign * compared(value(one), value(other), sign));
}

/**
 * @param {unknown} one
 * @param {unknown} other
 * @param {number} sign
 * @returns {number}
 */
function compared(one, other, sign) {
  const rank = (/** @type {unknown} */ value) =>
    value === undefined || value === null ? 2 : Number(typeof value !== "number");
  if (rank(one) !== rank(other)) {
    return sign * (rank(one) - rank(other));
  }
  if (typeof one === "number" && typeof other === "number") {
    return one - other;
  }
  return String(one).localeCompare(String(other));
}

/**
 * @param {string} sort
 * @returns {["values" | "parameters", string]}
 */
function parts(sort) {
  const name = sort.replace(/^-/, "");
  const dot = name.indexOf(".");
  return [name.slice(0, dot) === "parameters" ? "parameters" : "values", name.slice(dot + 1)];
}

/**
 * @param {ListedRun[]} runs
 * @param {"values" | "parameters"} place
 * @param {string} sort The present order, which is offered whatever the runs have.
 * @returns {string[]}
 */
function keys(runs, place, sort) {
  const found = new Set(runs.flatMap((run) => Object.keys(run[place])));
  const [current, key] = parts(sort);
  if (sort !== "" && current === place) {
    found.add(key);
  }
  return [...found].sort();
}

/**
 * @param {string} label
 * @param {string} place
 * @param {string[]} names
 * @returns {HTMLElement | null}
 */
function group(label, place, names) {
  if (names.length === 0) {
    return null;
  }
  const options = names.flatMap((key) => [
    element("option", { value: `-${place}.${key}` }, `${key}, highest first`),
    element("option", { value: `${place}.${key}` }, `${key}, lowest first`),
  ]);
  return element("optgroup", { label }, ...options);
}
