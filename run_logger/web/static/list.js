// @ts-check
// The pane with the list, of runs or of sweeps.

import { element, replace } from "./dom.js";
import { keepAges } from "./run_item.js";
import { runList } from "./run_list.js";
import { sweepList } from "./sweep_list.js";
import { tabBar } from "./tabs.js";

/**
 * Fill the pane, and keep it right.
 *
 * @param {HTMLElement} pane
 * @param {import("./types.js").Context} context
 * @param {() => void} onOpen Called when one run is opened: small screens then show it alone.
 */
export function listPane(pane, context, onOpen) {
  const { state } = context;
  const kinds = element("nav", { class: "tabs", "aria-label": "Lists" });
  const body = element("div", { class: "list-body" });
  replace(pane, kinds, body);
  tabBar(
    kinds,
    [
      {
        label: "Runs",
        change: { list: "runs", sweep: null },
        isCurrent: ({ list, sweep }) => list === "runs" && sweep === null,
      },
      {
        label: "Sweeps",
        change: { list: "sweeps", sweep: null },
        isCurrent: ({ list, sweep }) => list === "sweeps" || sweep !== null,
      },
    ],
    state,
  );
  keepAges();
  let close = () => {};
  state.follow(
    ({ list }) => list,
    (list) => {
      close();
      replace(body);
      close = list === "sweeps" ? sweepList(body, context) : runList(body, context, onOpen);
    },
  );
}
