// @ts-check
// What the chosen runs came to: which is the best, and what it owes that to.

import { parallelCoordinates, scatter } from "./compare_charts.js";
import { RESULTS, SWEEP_METRIC } from "./compare_operations.js";
import { element, replace } from "./dom.js";
import { draw } from "./drawing.js";
import { statusOf } from "./run_item.js";
import { lastValues, leaves, titleOf } from "./runs.js";
import { link } from "./tabs.js";
import { short } from "./values.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").Run} Run */
/** @typedef {"maximize" | "minimize"} Direction */
/**
 * What is compared.
 *
 * @typedef {object} Choice
 * @property {string} metric `""` where no run logged a number.
 * @property {Direction} direction
 * @property {string} parameter What the scatter plot has across.
 */
/**
 * A run with what it came to.
 *
 * @typedef {object} Result
 * @property {Run} run
 * @property {Map<string, any>} parameters By path.
 * @property {number} value The last value of the metric.
 */

// These say where a run is, not what it came to.
const PLACES = /^(step|epoch|iteration|batch|time|timestamp|global_step)$/i;
const SMALL_IS_GOOD = /loss|error|perplexity|\b(mse|mae|rmse|wer|fid)\b/i;
const TELLING = /^(test|val|valid|validation|eval)[_/. -]|accuracy|score|f1|auc/i;
const MOST_COLUMNS = 8;

/**
 * Fill the pane, and keep it right.
 *
 * @param {HTMLElement} container
 * @param {Context} context
 * @returns {() => void} Ends it.
 */
export function resultsPane(container, context) {
  const { client, chosen, theme, messages } = context;
  const pane = new Results(container, context);
  let end = () => {};
  let before = "";
  const ends = [
    chosen.follow((runs) => {
      const ids = runs.map(({ id }) => id);
      pane.show();
      if (JSON.stringify(ids) !== before) {
        before = JSON.stringify(ids);
        end();
        end = client.subscribe(
          RESULTS,
          { run_ids: ids },
          ({ run }) => pane.setValues(run),
          (error) => messages.fail("The results cannot be read", error),
        );
        void pane.followSweep(runs);
      }
    }),
    theme.subscribe(() => pane.show()),
  ];
  return () => {
    end();
    ends.forEach((leave) => leave());
    pane.leave();
  };
}

class Results {
  /** @type {Map<number, Record<string, number>>} */
  #values = new Map();
  /** @type {Choice} */
  #choice = { metric: "", direction: "maximize", parameter: "" };
  #isChosen = false;
  /** @type {number | null} */
  #sweep = null;
  /** @type {import("./drawing.js").Drawing[]} */
  #drawings = [];
  #drawn = "";
  #container;
  #context;
  #controls = element("div", { class: "controls" });
  #verdict = element("p", { class: "verdict", role: "status" });
  #ranking = element("div");
  #charts = element("div", { class: "comparison-charts" });

  /**
   * @param {HTMLElement} container
   * @param {Context} context
   */
  constructor(container, context) {
    this.#container = container;
    this.#context = context;
    replace(container, this.#controls, this.#verdict, this.#ranking, this.#charts);
  }

  /** @param {{id: number, run_logs: {log: unknown}[]}[]} rows */
  setValues(rows) {
    this.#values = new Map(rows.map(({ id, run_logs }) => [id, lastValues(run_logs)]));
    this.show();
  }

  /**
   * Take the metric of the sweep, where all of the runs are of one.
   *
   * @param {Run[]} runs
   */
  async followSweep(runs) {
    const sweeps = new Set(runs.map(({ sweep_id }) => sweep_id));
    const [sweep = null] = sweeps.size === 1 ? sweeps : [];
    if (sweep === null || sweep === this.#sweep) {
      return;
    }
    this.#sweep = sweep;
    try {
      const { sweep_by_pk: found } = await this.#context.client.query(SWEEP_METRIC, { id: sweep });
      if (typeof found?.metric === "string" && !this.#isChosen) {
        const direction = found.direction === "minimize" ? "minimize" : "maximize";
        this.#choice = { ...this.#choice, metric: found.metric, direction };
        this.#isChosen = true;
        this.show();
      }
    } catch (error) {
      this.#context.messages.fail("The sweep cannot be read", error);
    }
  }

  show() {
    const runs = this.#context.chosen.get();
    const metrics = metricsOf(this.#values);
    this.#container.hidden = metrics.length === 0 || runs.length < 2;
    if (this.#container.hidden) {
      return;
    }
    this.#complete(metrics);
    const results = ranked(runs, this.#values, this.#choice);
    const keys = differingKeys(results);
    if (!keys.includes(this.#choice.parameter)) {
      this.#choice.parameter = keys[0] ?? "";
    }
    this.#showControls(metrics, keys);
    this.#showVerdict(results);
    replace(this.#ranking, ranking(results, keys.slice(0, MOST_COLUMNS), this.#choice, this.#context));
    void this.#draw(results, keys);
  }

  leave() {
    this.#drawings.forEach(({ finalize }) => finalize());
    this.#drawings = [];
  }

  /** @param {string[]} metrics */
  #complete(metrics) {
    if (!this.#isChosen || !metrics.includes(this.#choice.metric)) {
      const metric = metrics.find((key) => TELLING.test(key)) ?? metrics[0] ?? "";
      const direction = SMALL_IS_GOOD.test(metric) ? "minimize" : "maximize";
      this.#choice = { ...this.#choice, metric, direction };
    }
  }

  /** @param {Result[]} results */
  #showVerdict(results) {
    const text = verdict(results, this.#choice);
    // Live values must not take the focus from a link.
    if (this.#verdict.dataset.shows !== text) {
      this.#verdict.dataset.shows = text;
      replace(this.#verdict, text, " ", onward(results, this.#context));
    }
  }

  /**
   * @param {string[]} metrics
   * @param {string[]} keys
   */
  #showControls(metrics, keys) {
    const { metric, direction, parameter } = this.#choice;
    const now = JSON.stringify([metrics, keys, this.#choice]);
    if (this.#controls.dataset.shows === now) {
      return;
    }
    this.#controls.dataset.shows = now;
    replace(
      this.#controls,
      choiceOf("Compare by", metrics, metric, (chosen) => {
        this.#choose({ metric: chosen, direction: SMALL_IS_GOOD.test(chosen) ? "minimize" : "maximize" });
      }),
      choiceOf("Best is the", ["highest", "lowest"], direction === "minimize" ? "lowest" : "highest", (chosen) =>
        this.#choose({ direction: chosen === "lowest" ? "minimize" : "maximize" }),
      ),
      keys.length > 0 && choiceOf("Plot against", keys, parameter, (chosen) => this.#choose({ parameter: chosen })),
    );
  }

  /** @param {Partial<Choice>} change */
  #choose(change) {
    this.#choice = { ...this.#choice, ...change };
    this.#isChosen = true;
    this.show();
  }

  /**
   * @param {Result[]} results
   * @param {string[]} keys
   */
  async #draw(results, keys) {
    const theme = this.#context.theme.get();
    const specs =
      results.length > 1 && keys.length > 0
        ? [scatter(results, this.#choice), keys.length > 1 && parallelCoordinates(results, keys, this.#choice)]
        : [];
    const now = JSON.stringify([theme, specs]);
    if (now === this.#drawn) {
      return;
    }
    this.#drawn = now;
    this.leave();
    const places = specs.map((spec) => spec && element("div"));
    replace(this.#charts, places.map((place) => place && element("div", { class: "panel" }, place)));
    for (const [index, spec] of specs.entries()) {
      const place = places[index];
      if (spec && place && this.#drawn === now) {
        this.#drawings.push(await draw(place, spec, theme));
      }
    }
  }
}

/**
 * @param {Map<number, Record<string, number>>} values
 * @returns {string[]}
 */
function metricsOf(values) {
  const keys = new Set([...values.values()].flatMap((of) => Object.keys(of)));
  return [...keys].filter((key) => !PLACES.test(key)).sort();
}

/**
 * Return the runs that have a value of the metric, the best first.
 *
 * @param {Run[]} runs
 * @param {Map<number, Record<string, number>>} values
 * @param {Choice} choice
 * @returns {Result[]}
 */
function ranked(runs, values, { metric, direction }) {
  const sign = direction === "minimize" ? 1 : -1;
  return runs
    .map((run) => ({
      run,
      parameters: new Map(leaves(run.parameters)),
      value: values.get(run.id)?.[metric] ?? NaN,
    }))
    .filter(({ value }) => Number.isFinite(value))
    .sort((one, other) => sign * (one.value - other.value) || one.run.id - other.run.id);
}

/**
 * Return the parameters in which runs differ.
 *
 * @param {Result[]} results
 * @returns {string[]}
 */
function differingKeys(results) {
  const keys = new Set(results.flatMap(({ parameters }) => [...parameters.keys()]));
  return [...keys].filter((key) => new Set(results.map((run) => text(run, key))).size > 1);
}

/**
 * @param {Result} result
 * @param {string} key
 */
function text({ parameters }, key) {
  return parameters.has(key) ? JSON.stringify(parameters.get(key)) : "";
}

/**
 * Say which run is the best, and in what it differs from the next.
 *
 * @param {Result[]} results
 * @param {Choice} choice
 * @returns {string}
 */
function verdict(results, { metric }) {
  const [best, second] = results;
  if (!best || !second) {
    return "";
  }
  const differences = differingKeys([best, second]).map(
    (key) => `${key} = ${shown(best, key)} instead of ${shown(second, key)}`,
  );
  const why = differences.length > 0 ? differences.join(", ") : "the same parameters";
  return (
    `Best: ${name(best)}, with ${metric} ${short(best.value)}. ` +
    `Next: ${name(second)}, with ${short(second.value)}. Between them: ${why}.`
  );
}

/**
 * Return links to what one wants to see next.
 *
 * @param {Result[]} results
 * @param {Context} context
 */
function onward([best, second], { state }) {
  if (!best || !second) {
    return [];
  }
  const both = [best.run.id, second.run.id].sort((one, other) => one - other);
  return [
    link("Show the curves of both", { runs: both, tab: "charts" }, state),
    " or ",
    link("the files of the best", { runs: [best.run.id], tab: "blobs" }, state),
    ".",
  ];
}

/** @param {Result} result */
function name({ run }) {
  return run.name ? `${run.name} (#${run.id})` : titleOf(run);
}

/**
 * @param {Result} result
 * @param {string} key
 */
function shown({ parameters }, key) {
  return parameters.has(key) ? short(parameters.get(key)) || "null" : "nothing";
}

/**
 * @param {Result[]} results
 * @param {string[]} keys
 * @param {Choice} choice
 * @param {Context} context
 */
function ranking(results, keys, { metric }, { state }) {
  const heads = ["", "Run", "Status", metric, ...keys];
  const rows = results.map((result, index) =>
    element(
      "tr",
      { class: index === 0 ? "best" : null },
      element("td", {}, index === 0 ? "best" : String(index + 1)),
      element("th", { scope: "row" }, link(name(result), { runs: [result.run.id], sweep: null, tab: "charts" }, state)),
      element("td", {}, statusOf(result.run.status)),
      element("td", { class: "number" }, short(result.value)),
      keys.map((key) => element("td", {}, shown(result, key))),
    ),
  );
  return element(
    "div",
    { class: "table-frame", tabindex: "0", role: "region", "aria-label": `Runs by ${metric}` },
    element(
      "table",
      { class: "ranking" },
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, rows),
    ),
  );
}

/**
 * @param {string} label
 * @param {string[]} options
 * @param {string} current
 * @param {(chosen: string) => void} onChoice
 */
function choiceOf(label, options, current, onChoice) {
  const select = element(
    "select",
    { onchange: () => onChoice(select.value) },
    options.map((option) => element("option", { value: option, selected: option === current }, option)),
  );
  return element("label", { class: "choice" }, label, select);
}
