// @ts-check
// A sweep in the list.

import { element } from "./dom.js";
import { moment } from "./run_item.js";
import { isObject } from "./runs.js";

/**
 * @typedef {object} Sweep
 * @property {number} id
 * @property {boolean} archived
 * @property {string} name `""` where it has none.
 * @property {"grid" | "random"} method
 * @property {string[]} keys The keys of its space.
 * @property {number} runs How many runs it has.
 * @property {number | null} limit How many it may have.
 * @property {string | null} created_at
 */

/**
 * Return a sweep of an answer in the page's own form.
 *
 * @param {any} row
 * @returns {Sweep}
 */
export function asSweep(row) {
  const name = isObject(row.metadata) ? row.metadata.name : "";
  return {
    id: row.id,
    archived: row.archived,
    name: typeof name === "string" ? name : "",
    method: row.grid_index === null ? "random" : "grid",
    keys: isObject(row.space) ? Object.keys(row.space) : [],
    runs: row.runs_aggregate.aggregate.count,
    limit: row.run_limit,
    created_at: row.created_at,
  };
}

/**
 * Return what an option of the list holds.
 *
 * @param {Sweep} sweep
 * @returns {import("./dom.js").Child[]}
 */
export function sweepItem(sweep) {
  return [
    element(
      "div",
      { class: "title" },
      element("span", { class: "name" }, sweep.name || `sweep ${sweep.id}`),
      sweep.name && element("span", { class: "muted" }, `#${sweep.id}`),
      element("span", { class: "spring" }),
      moment(sweep.created_at),
    ),
    element("div", { class: "facts" }, describe(sweep)),
  ];
}

/**
 * @param {Sweep} sweep
 * @returns {string}
 */
function describe({ method, runs, limit, keys }) {
  const count =
    limit === null ? `${runs} ${runs === 1 ? "run" : "runs"}` : `${runs} of ${limit} runs`;
  const over = keys.length > 0 ? ` over ${keys.join(", ")}` : "";
  return `${count}, ${method} search${over}`;
}
