// @ts-check
// Parameters and metadata of the chosen runs, a column for each run; where they differ is marked.

import { WHOLE_METADATA } from "./compare_operations.js";
import { element, replace } from "./dom.js";
import { isObject, leaves, titleOf } from "./runs.js";
import { short } from "./values.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").Run} Run */
/**
 * A run's metadata, taken apart.
 *
 * @typedef {object} Described
 * @property {Run} run
 * @property {Map<string, any>} parameters By path.
 * @property {Map<string, any>} metadata By path; the parameters are not among them.
 * @property {Record<string, any>} sources Where each parameter came from.
 */

// More columns than these are not read beside each other.
const MOST_COLUMNS = 12;
const LONG_TEXT = 120;
// What says which run it is, and nothing of how it was made: it differs in all of them.
const BOOKKEEPING = ["run_id", "begun_by", "sweep_parameters"];

/**
 * Fill the pane, and keep it right.
 *
 * @param {HTMLElement} container
 * @param {Context} context
 * @returns {() => void} Ends it.
 */
export function tablesPane(container, { client, chosen, messages }) {
  const all = element("input", { type: "checkbox" });
  /** @type {Described[]} */
  let described = [];
  let round = 0;

  const show = () => replace(container, ...content(described, chosen.get().length, all));
  all.addEventListener("change", show);
  const end = chosen.follow(async (runs) => {
    const compared = runs.slice(0, MOST_COLUMNS);
    const mine = (round += 1);
    try {
      const { run: rows } = await client.query(WHOLE_METADATA, { run_ids: compared.map(({ id }) => id) });
      if (mine === round) {
        described = compared.map((run) => describe(run, rows));
        show();
      }
    } catch (error) {
      messages.fail("The metadata cannot be read", error);
    }
  });
  return () => {
    round += 1;
    end();
  };
}

/**
 * @param {Run} run
 * @param {{id: number, metadata: unknown}[]} rows
 * @returns {Described}
 */
function describe(run, rows) {
  const found = rows.find(({ id }) => id === run.id)?.metadata;
  const { parameters, parameter_sources: sources, ...metadata } = isObject(found) ? found : {};
  BOOKKEEPING.forEach((key) => delete metadata[key]);
  return {
    run,
    parameters: new Map(leaves(parameters ?? {})),
    metadata: new Map(leaves(metadata)),
    sources: isObject(sources) ? sources : {},
  };
}

/**
 * @param {Described[]} described
 * @param {number} count How many runs are chosen.
 * @param {HTMLInputElement} all Whether rows are shown in which the runs agree.
 * @returns {(HTMLElement | null)[]}
 */
function content(described, count, all) {
  if (described.length === 0) {
    return [element("p", { class: "empty" }, "Choose runs in the list to see them side by side.")];
  }
  const several = described.length > 1;
  return [
    several
      ? element("label", { class: "choice" }, all, "Also show what is the same in all of them")
      : null,
    count > described.length
      ? element("p", { class: "muted" }, `The first ${described.length} of ${count} runs.`)
      : null,
    table("Parameters", described, ({ parameters }) => parameters, several && !all.checked),
    table("Metadata", described, ({ metadata }) => metadata, several && !all.checked),
  ].filter((part) => part !== null);
}

/**
 * @param {string} caption
 * @param {Described[]} described
 * @param {(run: Described) => Map<string, any>} select
 * @param {boolean} onlyDifferences
 * @returns {HTMLElement}
 */
function table(caption, described, select, onlyDifferences) {
  const rows = [...new Set(described.flatMap((run) => [...select(run).keys()]))]
    .map((path) => ({ path, differs: differ(described, select, path) }))
    .filter(({ differs }) => differs || !onlyDifferences);
  if (rows.length === 0) {
    const nothing = onlyDifferences ? "the same in all of them" : "none";
    return element("p", { class: "muted" }, `${caption}: ${nothing}.`);
  }
  return element(
    "div",
    { class: "table-frame", tabindex: "0", role: "region", "aria-label": caption },
    element(
      "table",
      { class: "side-by-side" },
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, element("td"), described.map(({ run }) => columnHead(run)))),
      element("tbody", {}, rows.map((row) => tableRow(row, described, select))),
    ),
  );
}

/** @param {Run} run */
function columnHead(run) {
  const number = run.name && element("span", { class: "muted" }, ` #${run.id}`);
  return element("th", { scope: "col" }, titleOf(run), number);
}

/**
 * @param {{path: string, differs: boolean}} row
 * @param {Described[]} described
 * @param {(run: Described) => Map<string, any>} select
 */
function tableRow({ path, differs }, described, select) {
  const isParameter = described.some((run) => select(run) === run.parameters);
  return element(
    "tr",
    { class: differs && described.length > 1 ? "differs" : null },
    element("th", { scope: "row" }, path),
    described.map((run) =>
      element(
        "td",
        {},
        cell(select(run).get(path)),
        isParameter && sourceOf(run, path),
      ),
    ),
  );
}

/**
 * @param {Described} run
 * @param {string} path
 */
function sourceOf({ sources, parameters }, path) {
  const source = sources[path] ?? sources[path.split(".")[0] ?? ""];
  return typeof source === "string" && parameters.has(path)
    ? element("span", { class: "source" }, source)
    : null;
}

/** @param {unknown} value */
function cell(value) {
  if (value === undefined) {
    return element("span", { class: "muted", title: "not there" }, "–");
  }
  const text = value === null ? "null" : short(value);
  if (text.length <= LONG_TEXT && !text.includes("\n")) {
    return text;
  }
  const start = text.slice(0, LONG_TEXT / 2).split("\n")[0];
  return element("details", {}, element("summary", {}, `${start}…`), element("pre", {}, text));
}

/**
 * @param {Described[]} described
 * @param {(run: Described) => Map<string, any>} select
 * @param {string} path
 */
function differ(described, select, path) {
  return new Set(described.map((run) => JSON.stringify(select(run).get(path)))).size > 1;
}
