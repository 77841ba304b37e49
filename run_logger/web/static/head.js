// @ts-check
// The head of the main pane: what is chosen, and what can be done with it.

import { element, replace } from "./dom.js";
import { ARCHIVE_RUNS } from "./operations.js";
import { statusOf } from "./run_item.js";
import { titleOf } from "./runs.js";
import { link } from "./tabs.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").Run} Run */

/**
 * Fill the head, and keep it right.
 *
 * @param {HTMLElement} head
 * @param {Context} context
 * @param {() => void} onBack Called when a small screen shall show the list again.
 */
export function headPane(head, context, onBack) {
  const show = () => {
    const runs = context.chosen.get();
    const title = titleText(runs, context);
    document.title = `${title} · run-logger`;
    replace(
      head,
      element("button", { class: "quiet only-small", type: "button", onclick: onBack }, "‹ List"),
      element("h1", {}, title),
      ...(runs.length === 1 && runs[0] ? about(runs[0], context) : []),
      element("span", { class: "spring" }),
      ...actions(runs, context),
    );
  };
  context.chosen.subscribe(show);
  context.state.follow(({ runs, sweep }) => ({ runs, sweep }), show);
}

/**
 * @param {Run[]} runs
 * @param {Context} context
 * @returns {string}
 */
function titleText(runs, { state }) {
  const [run] = runs;
  if (!run) {
    return state.get().sweep === null ? "No runs" : "No runs of this sweep";
  }
  if (runs.length === 1) {
    return titleOf(run);
  }
  const { sweep, runs: chosen } = state.get();
  return sweep !== null && chosen.length === 0
    ? `All ${runs.length} runs of the sweep`
    : `${runs.length} runs`;
}

/**
 * @param {Run} run
 * @param {Context} context
 * @returns {import("./dom.js").Child[]}
 */
function about(run, { state }) {
  const { runs } = state.get();
  return [
    run.name && element("span", { class: "muted" }, `#${run.id}`),
    statusOf(run.status),
    run.archived && element("span", { class: "muted" }, "archived"),
    runs.length === 0 &&
      state.get().sweep === null &&
      element("span", { class: "muted" }, "the newest"),
    run.sweep_id !== null &&
      link(
        `sweep ${run.sweep_id}`,
        { list: "runs", sweep: run.sweep_id, runs: [], filter: "" },
        state,
      ),
  ];
}

/**
 * @param {Run[]} runs
 * @param {Context} context
 * @returns {import("./dom.js").Child[]}
 */
function actions(runs, context) {
  const { state } = context;
  if (state.get().runs.length === 0 || runs.length === 0) {
    return [];
  }
  const archived = runs.every((run) => run.archived);
  return [
    element(
      "button",
      { type: "button", onclick: () => void archive(runs, !archived, context) },
      archived ? "Bring back" : "Archive",
    ),
    element(
      "button",
      { class: "quiet", type: "button", onclick: () => state.set({ runs: [] }) },
      "Clear choice",
    ),
  ];
}

/**
 * @param {Run[]} runs
 * @param {boolean} archived
 * @param {Context} context
 */
async function archive(runs, archived, context) {
  const ids = runs.map((run) => run.id);
  const what = ids.length === 1 ? `Run ${ids[0]}` : `${ids.length} runs`;
  try {
    await context.client.mutate(ARCHIVE_RUNS, { ids, archived });
  } catch (error) {
    context.messages.fail(`${what} cannot be ${archived ? "archived" : "brought back"}`, error);
    return;
  }
  context.messages.say(`${what} ${archived ? "archived" : "brought back"}`, {
    label: "Undo",
    act: () => void archive(runs, !archived, context),
  });
}
