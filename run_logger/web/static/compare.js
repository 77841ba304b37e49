// @ts-check
// The chosen runs beside each other: what they came to, and in what they differ.

import { resultsPane } from "./compare_results.js";
import { tablesPane } from "./compare_tables.js";
import { element, replace } from "./dom.js";

/** @type {import("./types.js").View} */
export function compare(container, context) {
  const results = element("section", { class: "compared", "aria-label": "Results" });
  const tables = element("section", { class: "compared", "aria-label": "Side by side" });
  replace(container, results, tables);
  const ends = [resultsPane(results, context), tablesPane(tables, context)];
  return () => ends.forEach((end) => end());
}
