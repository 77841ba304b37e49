// @ts-check
// What the page says where nothing was recorded yet.

import { byId, setText } from "./dom.js";

/**
 * Show how to record a run, as long as there is none.
 *
 * @param {import("./types.js").Context} context
 */
export function welcome({ chosen, state }) {
  const endpoint = new URL("v1/graphql", document.baseURI).href;
  setText(byId("example"), exampleFor(endpoint));
  const show = () => {
    const { runs, sweep } = state.get();
    byId("welcome").hidden = chosen.get().length > 0 || runs.length > 0 || sweep !== null;
  };
  chosen.subscribe(show);
  state.subscribe(show);
}

/** @param {string} endpoint */
function exampleFor(endpoint) {
  return `from run_logger import initialize

params, logger = initialize("${endpoint}", name="first", lr=0.1)
with logger:
    for step in range(100):
        logger.log(step=step, loss=1 / (step + 1))
`;
}
