// @ts-check
// Charts for runs that have none: each number that they log, over their steps.

import { isObject } from "./runs.js";

/** @typedef {import("./rows.js").Row} Row */

// What says where in a run a row belongs, the most usual first.
const PLACES = ["step", "global_step", "iteration", "epoch"];
const MOST_CHARTS = 40;

/**
 * Return a specification for each key under which rows have numbers, those of the machine last.
 *
 * @param {Row[]} rows
 * @returns {{title: string, spec: Record<string, any>}[]}
 */
export function defaultCharts(rows) {
  const keys = new Set();
  for (const { log } of rows) {
    for (const [key, value] of Object.entries(isObject(log) ? log : {})) {
      if (typeof value === "number") {
        keys.add(key);
      }
    }
  }
  const x = PLACES.find((place) => keys.has(place)) ?? "";
  const shown = [...keys].filter((key) => !PLACES.includes(key));
  const ordered = [
    ...shown.filter((key) => !key.startsWith("system/")),
    ...shown.filter((key) => key.startsWith("system/")),
  ];
  return ordered.slice(0, MOST_CHARTS).map((key) => ({ title: key, spec: lineChart(x, key) }));
}

/**
 * @param {string} x The key of what stands across; `""` for the order of the rows.
 * @param {string} y
 * @returns {Record<string, any>}
 */
function lineChart(x, y) {
  // An expression takes any key; a field would read dots and brackets in it as a path.
  const value = `datum[${JSON.stringify(y)}]`;
  const isThere = x === "" ? `isValid(${value})` : `isValid(${value}) && isValid(datum.${x})`;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    data: { name: "data" },
    width: "container",
    height: 220,
    autosize: { type: "fit", contains: "padding" },
    params: [{ name: "zoom", select: { type: "interval", encodings: ["x"] } }],
    transform: [{ filter: isThere }, { calculate: value, as: "logged value" }],
    mark: { type: "line", strokeWidth: 1.5, clip: true },
    encoding: {
      x: { field: x || "order", type: "quantitative", title: x || "row", scale: { zero: false, nice: false } },
      y: { field: "logged value", type: "quantitative", title: null, scale: { zero: false } },
      color: { field: "run_id", type: "nominal", title: "run" },
    },
  };
}
