// @ts-check
// The list of charts that can be edited: to choose one, to move it up or down, to archive it.

import { CHANGE_CHARTS, ORDER_CHARTS } from "./editor_operations.js";
import { element, replace } from "./dom.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./editor.js").EditedChart} EditedChart */
/** @typedef {import("./editor_form.js").ChartForm} ChartForm */

/**
 * Fill the list.
 *
 * @param {HTMLElement} place
 * @param {EditedChart[]} charts In their order.
 * @param {boolean} archived Whether they are archived ones.
 * @param {Context} context
 * @param {ChartForm} form Where a chosen chart is edited.
 */
export function chartList(place, charts, archived, context, form) {
  if (charts.length === 0) {
    const none = archived ? "No archived charts." : "The chosen runs have no charts. Write one, and save it to them.";
    replace(place, element("p", { class: "muted" }, none));
    return;
  }
  const items = charts.map((chart, index) => {
    const title = titleOf(chart, index);
    return element(
      "li",
      {},
      element("button", { class: "quiet chart-title", type: "button", onclick: () => form.edit(chart) }, title),
      element("span", { class: "muted" }, chart.runs.length > 1 ? `${chart.runs.length} runs` : `#${chart.runs[0]}`),
      element("span", { class: "spring" }),
      !archived && iconButton("↑", `Move ${title} up`, index > 0, () => move(charts, index, -1, context)),
      !archived && iconButton("↓", `Move ${title} down`, index < charts.length - 1, () => move(charts, index, 1, context)),
      element(
        "button",
        { class: "quiet", type: "button", "aria-label": `${archived ? "Bring back" : "Archive"} ${title}`, onclick: () => archive(chart, !archived, context) },
        archived ? "Bring back" : "Archive",
      ),
    );
  });
  replace(place, element("ol", { "aria-label": "Charts" }, items));
}

/**
 * Return what a chart is called: its name, its title, else its place.
 *
 * @param {EditedChart} chart
 * @param {number} index
 * @returns {string}
 */
function titleOf({ name, spec }, index) {
  const title = typeof spec.title === "string" ? spec.title : "";
  return name || title || `Chart ${index + 1}`;
}

/**
 * @param {string} icon
 * @param {string} label
 * @param {boolean} enabled
 * @param {() => void} act
 */
function iconButton(icon, label, enabled, act) {
  return element("button", { class: "quiet icon", type: "button", "aria-label": label, disabled: !enabled, onclick: act }, icon);
}

/**
 * @param {EditedChart} chart
 * @param {boolean} archived
 * @param {Context} context
 */
async function archive({ ids }, archived, { client, messages }) {
  try {
    await client.mutate(CHANGE_CHARTS, { ids, change: { archived } });
    messages.say(archived ? "The chart is archived." : "The chart is back.", {
      label: "Undo",
      act: () => void client.mutate(CHANGE_CHARTS, { ids, change: { archived: !archived } }),
    });
  } catch (error) {
    messages.fail("The chart was not changed", error);
  }
}

/**
 * Let two neighbours change places, and number all charts anew: old ones may have no number.
 *
 * @param {EditedChart[]} charts
 * @param {number} index
 * @param {1 | -1} by
 * @param {Context} context
 */
async function move(charts, index, by, { client, messages }) {
  const order = [...charts];
  const [moved] = order.splice(index, 1);
  if (moved) {
    order.splice(index + by, 0, moved);
  }
  const updates = order.map(({ ids }, place) => ({ where: { id: { _in: ids } }, _set: { order: place } }));
  try {
    await client.mutate(ORDER_CHARTS, { updates });
  } catch (error) {
    messages.fail("The charts were not moved", error);
  }
}
