// @ts-check
// The charts of the chosen runs, to change: the text of one beside what it draws.

import { chartList } from "./editor_list.js";
import { CHARTS_TO_EDIT } from "./editor_operations.js";
import { chartForm } from "./editor_form.js";
import { element, replace } from "./dom.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").Run} Run */
/**
 * A chart that one or several of the chosen runs have.
 *
 * @typedef {object} EditedChart
 * @property {string} name `""` where it has none.
 * @property {Record<string, any>} spec
 * @property {number[]} ids Its rows in the database, one for each run that has it.
 * @property {number[]} runs
 */

/** @type {import("./types.js").View} */
export function editor(container, context) {
  const archived = element("input", { type: "checkbox" });
  const list = element("div", { class: "chart-list" });
  const form = chartForm(context);
  const side = element(
    "div",
    { class: "editor-side" },
    list,
    element("button", { type: "button", onclick: () => form.edit(null) }, "New chart"),
    element("label", { class: "choice" }, archived, "Archived charts"),
  );
  replace(container, element("div", { class: "editor" }, side, form.root));

  let end = () => {};
  let before = "";
  const follow = () => {
    const ids = context.chosen.get().map(({ id }) => id);
    const now = JSON.stringify([ids, archived.checked]);
    if (now === before) {
      return;
    }
    before = now;
    end();
    form.edit(null);
    end = context.client.subscribe(
      CHARTS_TO_EDIT,
      { run_ids: ids, archived: archived.checked },
      ({ chart }) => {
        const charts = grouped(chart);
        chartList(list, charts, archived.checked, context, form);
        form.take(charts);
      },
      (error) => context.messages.fail("The charts cannot be read", error),
    );
  };
  archived.addEventListener("change", follow);
  const leave = context.chosen.follow(follow);
  return () => {
    leave();
    end();
    form.leave();
  };
}

/**
 * Take the equal charts of several runs as one, in the order in which they stand.
 *
 * @param {{id: number, run_id: number, name: string | null, spec: any}[]} rows
 * @returns {EditedChart[]}
 */
function grouped(rows) {
  /** @type {Map<string, EditedChart>} */
  const charts = new Map();
  for (const { id, run_id, name, spec } of rows) {
    const key = JSON.stringify([name, spec]);
    /** @type {EditedChart} */
    const chart = charts.get(key) ?? { name: name ?? "", spec, ids: [], runs: [] };
    chart.ids.push(id);
    chart.runs.push(run_id);
    charts.set(key, chart);
  }
  return [...charts.values()];
}
