// @ts-check
// A run in the list.

import { element } from "./dom.js";
import { titleOf } from "./runs.js";
import { age, short } from "./values.js";

/** @typedef {import("./types.js").ListedRun} ListedRun */

// More than these are not read in passing.
const MOST_FACTS = 6;

/**
 * Return what an option of the list holds.
 *
 * @param {ListedRun} run
 * @param {string[]} keys The parameters, the most telling first.
 * @param {string} first The value or parameter by which the list is sorted: it comes first.
 * @returns {import("./dom.js").Child[]}
 */
export function runItem(run, keys, first) {
  const parameters = keys
    .filter((key) => key in run.parameters)
    .map((key) => /** @type {[string, any]} */ ([key, run.parameters[key]]));
  return [
    element(
      "div",
      { class: "title" },
      element("span", { class: "name" }, titleOf(run)),
      run.name && element("span", { class: "muted" }, `#${run.id}`),
      element("span", { class: "spring" }),
      statusOf(run.status),
      moment(run.heard ?? run.created_at),
    ),
    facts("Parameters", parameters, first),
    facts("Last values", Object.entries(run.values), first),
    run.tags.length > 0 &&
      element(
        "div",
        { class: "tags" },
        run.tags.map((tag) => element("span", { class: "tag" }, tag)),
      ),
    run.error && element("div", { class: "problem line" }, run.error),
  ];
}

/**
 * Show a status: by a word, a colour and a shape.
 *
 * @param {string | null} status
 * @returns {HTMLElement}
 */
export function statusOf(status) {
  const known = ["running", "finished", "failed", "killed", "silent"];
  const kind = status !== null && known.includes(status) ? status : "unknown";
  return element("span", { class: `status is-${kind}` }, status ?? "recorded");
}

/**
 * Show how long ago a moment was; `keepAges` keeps it right.
 *
 * @param {string | null} at
 * @returns {HTMLElement | null}
 */
export function moment(at) {
  return at === null
    ? null
    : element("time", { datetime: at, title: new Date(at).toLocaleString() }, age(at));
}

/** Keep the ages right that are on the page. */
export function keepAges() {
  setInterval(() => {
    for (const time of document.querySelectorAll("time")) {
      const text = age(time.dateTime);
      if (time.textContent !== text) {
        time.textContent = text;
      }
    }
  }, 1_000);
}

/**
 * Return the parameters of runs: those in which they differ first, then by how many have them.
 *
 * @param {ListedRun[]} runs
 * @returns {string[]}
 */
export function tellingKeys(runs) {
  /** @type {Map<string, Map<string, number>>} */
  const counts = new Map();
  for (const run of runs) {
    for (const [key, value] of Object.entries(run.parameters)) {
      const values = counts.get(key) ?? new Map();
      const text = JSON.stringify(value);
      counts.set(key, values.set(text, (values.get(text) ?? 0) + 1));
    }
  }
  const weight = (/** @type {Map<string, number>} */ values) =>
    (values.size > 1 ? runs.length : 0) +
    [...values.values()].reduce((sum, count) => sum + count, 0);
  return [...counts].sort(([, one], [, other]) => weight(other) - weight(one)).map(([key]) => key);
}

/**
 * @param {string} label
 * @param {[string, any][]} entries
 * @param {string} first
 * @returns {HTMLElement | null}
 */
function facts(label, entries, first) {
  if (entries.length === 0) {
    return null;
  }
  const ordered = [
    ...entries.filter(([key]) => key === first),
    ...entries.filter(([key]) => key !== first),
  ];
  const made = ordered.slice(0, MOST_FACTS).flatMap(([key, value]) => [fact(key, value), " "]);
  return element("div", { class: "facts", title: label }, made);
}

/**
 * @param {string} key
 * @param {unknown} value
 */
function fact(key, value) {
  return element(
    "span",
    { class: "fact" },
    element("span", { class: "key" }, key),
    " ",
    element("span", { class: "value" }, short(value)),
  );
}
