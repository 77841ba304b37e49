// @ts-check
// Specifications of charts, and the place in them where the logs go.

import { isObject } from "./runs.js";

/** @typedef {Record<string, any>} Spec */

/** How specifications for run-logger 0.1 named the place of the logs: `"data": {"data": "data"}`. */
const OLD_PLACE = '{"data":"data"}';

/**
 * Put rows where a specification takes its data: into each source that is named `data` and has no
 * data of its own. Other sources stay as they are.
 *
 * @param {Spec} spec
 * @param {object[]} rows
 * @returns {Spec} A copy.
 */
export function withRows(spec, rows) {
  return filled(spec, rows);
}

/**
 * @param {any} value
 * @param {object[]} rows
 * @returns {any}
 */
function filled(value, rows) {
  if (Array.isArray(value)) {
    return value.map((item) => filled(item, rows));
  }
  if (!isObject(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, key === "data" ? filledData(member, rows) : filled(member, rows)]),
  );
}

/**
 * @param {any} data A source, or Vega's list of them.
 * @param {object[]} rows
 * @returns {any}
 */
function filledData(data, rows) {
  if (Array.isArray(data)) {
    return data.map((source) => filledData(source, rows));
  }
  if (JSON.stringify(data) === OLD_PLACE) {
    return { name: "data", values: rows };
  }
  const isPlace = isObject(data) && data.name === "data" && !("values" in data || "url" in data || "source" in data);
  return isPlace ? { ...data, values: rows } : data;
}
