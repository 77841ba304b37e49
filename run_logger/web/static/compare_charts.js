// @ts-check
// The charts in which runs are compared, as Vega-Lite. Fields have names of ours: what parameters
// are called may mean something to Vega.

import { titleOf } from "./runs.js";
import { short } from "./values.js";

/** @typedef {import("./compare_results.js").Result} Result */
/** @typedef {import("./compare_results.js").Choice} Choice */
/**
 * What a parameter's values are laid out along.
 *
 * @typedef {object} Dimension
 * @property {string} name
 * @property {boolean} isNumber
 * @property {boolean} isLog Whether its numbers span so much that only their logarithms can be told
 *   apart.
 * @property {(value: any) => number | null} place Where a value stands, from 0 to 1.
 * @property {{place: number, label: string}[]} marks Values to read others by.
 */

const WIDE = 50;
const SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json";
// What an axis and a legend need is taken from the width of the place, not added to it.
const SIZE = { width: "container", height: 250, autosize: { type: "fit", contains: "padding" } };
const MOST_DIMENSIONS = 8;
const MOST_MARKS = 8;

/**
 * Plot the metric against a parameter.
 *
 * @param {Result[]} results
 * @param {Choice} choice
 * @returns {Record<string, any>}
 */
export function scatter(results, { metric, parameter }) {
  const values = results.filter(({ parameters }) => parameters.has(parameter));
  const { isNumber, isLog } = dimension(parameter, values.map(({ parameters }) => parameters.get(parameter)));
  const x = isNumber
    ? {
        type: "quantitative",
        scale: { ...(isLog ? { type: "log" } : { zero: false }), nice: false, padding: 12 },
        axis: { tickCount: 5 },
      }
    : { type: "nominal", axis: { labelAngle: 0 } };
  return {
    $schema: SCHEMA,
    ...SIZE,
    data: {
      values: values.map((result) => ({
        x: isNumber ? result.parameters.get(parameter) : short(result.parameters.get(parameter)),
        y: result.value,
        run: titleOf(result.run),
        id: result.run.id,
      })),
    },
    mark: { type: "point", filled: true, size: 70, opacity: 0.8 },
    encoding: {
      x: { field: "x", title: parameter, ...x },
      y: { field: "y", type: "quantitative", title: metric, scale: { zero: false } },
      tooltip: [
        { field: "run", title: "run" },
        { field: "id", title: "#" },
        { field: "x", title: parameter },
        { field: "y", title: metric },
      ],
    },
  };
}

/**
 * Draw each run as a line through the values of its parameters, coloured by the metric.
 *
 * @param {Result[]} results
 * @param {string[]} keys
 * @param {Choice} choice
 * @returns {Record<string, any>}
 */
export function parallelCoordinates(results, keys, { metric }) {
  const dimensions = [
    ...keys.slice(0, MOST_DIMENSIONS).map((key) => dimension(key, results.map(({ parameters }) => parameters.get(key)))),
    dimension(metric, results.map(({ value }) => value)),
  ];
  const order = dimensions.map((_, index) => index);
  const axis = { field: "dimension", type: "ordinal", sort: order, title: null };
  const names = dimensions.map(({ name }, index) => `datum.value === ${index} ? ${JSON.stringify(name)} : `);
  return {
    $schema: SCHEMA,
    ...SIZE,
    encoding: {
      x: { ...axis, axis: { labelAngle: 0, domain: false, grid: true, labelExpr: `${names.join("")}''` } },
      y: { field: "place", type: "quantitative", axis: null, scale: { domain: [-0.04, 1.04] } },
    },
    layer: [
      {
        data: { values: results.flatMap((result) => points(result, keys, dimensions)) },
        mark: { type: "line", strokeWidth: 1.5, opacity: 0.75, interpolate: "monotone" },
        encoding: {
          detail: { field: "id" },
          color: {
            field: "value",
            type: "quantitative",
            title: metric,
            scale: { scheme: { name: "viridis", extent: [0.2, 0.95] } },
            legend: { orient: "top", gradientLength: 160, titleOrient: "left" },
          },
          tooltip: [
            { field: "run", title: "run" },
            { field: "id", title: "#" },
            { field: "value", title: metric },
          ],
        },
      },
      {
        data: {
          values: dimensions.flatMap(({ marks }, index) => marks.map((mark) => ({ ...mark, dimension: index }))),
        },
        mark: { type: "text", align: "left", dx: 4, fontSize: 10 },
        encoding: { text: { field: "label" } },
      },
    ],
  };
}

/**
 * @param {Result} result
 * @param {string[]} keys
 * @param {Dimension[]} dimensions
 */
function points({ run, parameters, value }, keys, dimensions) {
  return dimensions.map(({ place }, index) => {
    const key = index === dimensions.length - 1 ? undefined : keys[index];
    return {
      dimension: index,
      place: place(key === undefined ? value : parameters.get(key)),
      run: titleOf(run),
      id: run.id,
      value,
    };
  });
}

/**
 * Lay out values: numbers by their size, all else in the order in which it comes.
 *
 * @param {string} name
 * @param {any[]} values
 * @returns {Dimension}
 */
function dimension(name, values) {
  const there = values.filter((value) => value !== undefined && value !== null);
  const isNumber = there.length > 0 && there.every((value) => typeof value === "number");
  return isNumber ? ofNumbers(name, there) : ofChoices(name, there);
}

/**
 * @param {string} name
 * @param {number[]} values
 * @returns {Dimension}
 */
function ofNumbers(name, values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const isLog = low > 0 && high / low > WIDE;
  const scale = isLog ? Math.log : (/** @type {number} */ value) => value;
  const span = scale(high) - scale(low);
  return {
    name,
    isNumber: true,
    isLog,
    place: (value) => (typeof value === "number" ? (span > 0 ? (scale(value) - scale(low)) / span : 0.5) : null),
    marks: span > 0 ? [mark(0, low), mark(1, high)] : [mark(0.5, low)],
  };
}

/**
 * @param {string} name
 * @param {any[]} values
 * @returns {Dimension}
 */
function ofChoices(name, values) {
  const texts = [...new Set(values.map((value) => JSON.stringify(value)))].sort();
  /** @param {string} text */
  const placeOf = (text) => (texts.length > 1 ? texts.indexOf(text) / (texts.length - 1) : 0.5);
  return {
    name,
    isNumber: false,
    isLog: false,
    place: (value) => (value === undefined || value === null ? null : placeOf(JSON.stringify(value))),
    marks: texts.length <= MOST_MARKS ? texts.map((text) => mark(placeOf(text), JSON.parse(text))) : [],
  };
}

/**
 * @param {number} place
 * @param {unknown} value
 */
function mark(place, value) {
  return { place, label: short(value).slice(0, 24) };
}
