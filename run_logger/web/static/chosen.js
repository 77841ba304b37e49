// @ts-check
// The chosen runs, live. Where none is chosen it is the newest: whoever starts a run and opens the
// page sees it.

import { Observable } from "./events.js";
import { CHOSEN_RUNS, NEWEST_RUN } from "./operations.js";
import { asRun } from "./runs.js";

/** @typedef {import("./types.js").Run} Run */
/** @typedef {import("./state.js").PageState} PageState */

const MOST = 1_000;

/**
 * Follow the runs that the address chooses.
 *
 * @param {import("./graphql.js").Client} client
 * @param {import("./state.js").State} state
 * @param {import("./messages.js").Messages} messages
 * @returns {Observable<Run[]>}
 */
export function followChosen(client, state, messages) {
  /** @type {Observable<Run[]>} */
  const chosen = new Observable(/** @type {Run[]} */ ([]));
  let end = () => {};
  let shown = ""; // the first answer is news, even where it is that there is no run

  /** @param {Run[]} runs */
  function show(runs) {
    const now = JSON.stringify(runs);
    if (now !== shown) {
      shown = now;
      chosen.set(runs);
    }
  }

  state.follow(choice, ({ document, variables }) => {
    end();
    end = client.subscribe(
      document,
      variables,
      (data) => show(data.run.map(asRun)),
      (error) => messages.fail("The chosen runs cannot be read", error),
    );
  });
  return chosen;
}

/**
 * Return the operation that reads the chosen runs.
 *
 * @param {Readonly<PageState>} state
 * @returns {{document: string, variables: Record<string, any>}}
 */
function choice({ runs, sweep, archived }) {
  if (runs.length > 0) {
    return { document: CHOSEN_RUNS, variables: { where: { id: { _in: runs } }, limit: MOST } };
  }
  if (sweep !== null) {
    const where = { sweep_id: { _eq: sweep }, archived: { _eq: archived === "archived" } };
    return { document: CHOSEN_RUNS, variables: { where, limit: MOST } };
  }
  return { document: NEWEST_RUN, variables: {} };
}
