// @ts-check
// The charts of the chosen runs, live.

import { CHARTS } from "./chart_operations.js";
import { ChartCard } from "./chart_card.js";
import { defaultCharts } from "./default_charts.js";
import { element, replace } from "./dom.js";
import { RunRows } from "./rows.js";
import { loadEmbed } from "./vega.js";
import { readZoom, writeZoom } from "./zoom.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").Run} Run */
/** @typedef {import("./rows.js").Row} Row */
/**
 * @typedef {object} ShownChart
 * @property {string} title
 * @property {Record<string, any>} spec
 * @property {Set<number> | null} runs The runs that have it; null for all.
 */

/** @type {import("./types.js").View} */
export function charts(container, context) {
  const board = new Board(container, context);
  return () => board.end();
}

/** The charts, and the rows that they show. */
class Board {
  #context;
  #note = element("p", { class: "sample-note muted", role: "status" });
  #reset = element("button", { class: "quiet", type: "button", hidden: true }, "Show the whole range");
  #grid = element("div", { class: "charts" });
  #empty = element("p", { class: "empty" });
  /** @type {Map<string, ChartCard>} */
  #cards = new Map();
  /** @type {Row[]} */
  #rows = [];
  // Charts without their rows would be drawn for nothing, and push others out of sight.
  #areRowsKnown = false;
  /** @type {ShownChart[] | null} Null until they are known. */
  #specified = null;
  /** @type {RunRows | null} */
  #follower = null;
  #endCharts = () => {};
  /** @type {(() => void)[]} */
  #ends;
  #before = "";

  /**
   * @param {HTMLElement} container
   * @param {Context} context
   */
  constructor(container, context) {
    this.#context = context;
    // It is large: it comes while the rows do. Whoever draws says what went wrong.
    loadEmbed().catch(() => {});
    replace(container, element("div", { class: "charts-head" }, this.#note, this.#reset), this.#empty, this.#grid);
    this.#reset.addEventListener("click", () => context.state.set({ zoom: "" }));
    this.#ends = [
      context.chosen.follow((runs) => this.#follow(runs)),
      context.theme.subscribe((theme) => this.#cards.forEach((card) => card.setTheme(theme))),
      context.state.follow(({ zoom }) => zoom, () => this.#zoom()),
    ];
  }

  end() {
    this.#ends.forEach((end) => end());
    this.#leave();
  }

  #leave() {
    this.#follower?.end();
    this.#endCharts();
    this.#cards.forEach((card) => card.end());
    this.#cards.clear();
  }

  /** @param {Run[]} runs */
  #follow(runs) {
    const ids = runs.map(({ id }) => id);
    const now = JSON.stringify(runs.map(({ id, parameters }) => [id, parameters]));
    if (now === this.#before) {
      return;
    }
    this.#before = now;
    this.#leave();
    this.#rows = [];
    this.#areRowsKnown = false;
    this.#specified = null;
    this.#empty.textContent = runs.length === 0 ? "Choose runs in the list to see their charts." : "";
    if (runs.length === 0) {
      return;
    }
    const { client, messages } = this.#context;
    const fail = (/** @type {unknown} */ error) => messages.fail("The charts cannot be read", error);
    this.#endCharts = client.subscribe(CHARTS, { run_ids: ids }, ({ chart }) => {
      this.#specified = grouped(chart);
      this.#show();
    }, fail);
    this.#follower = new RunRows(client, ids, {
      onReset: (rows) => this.#reload(rows),
      onAppend: (rows) => this.#append(rows),
      onSampled: (isSampled) => this.#noteSample(isSampled),
      onError: fail,
    });
    this.#zoom();
  }

  /** @param {boolean} isSampled */
  #noteSample(isSampled) {
    this.#note.textContent = isSampled
      ? "There are more rows than a chart can show: these are an even sample. Drag across a chart to see more of a part."
      : "";
  }

  /** @param {Row[]} rows */
  #reload(rows) {
    this.#rows = [...rows];
    this.#areRowsKnown = true;
    this.#show();
    this.#cards.forEach((card) => card.reset(this.#rows));
  }

  /** @param {Row[]} rows */
  #append(rows) {
    this.#rows.push(...rows);
    this.#show();
    this.#cards.forEach((card) => card.append(rows));
  }

  /** Have a card for each chart, and none for others. */
  #show() {
    if (this.#specified === null || !this.#areRowsKnown) {
      return;
    }
    const shown = new Map(this.#shownCharts().map((chart) => [keyOf(chart), chart]));
    for (const [key, card] of this.#cards) {
      if (!shown.has(key)) {
        card.end();
        this.#cards.delete(key);
      }
    }
    for (const [key, chart] of shown) {
      if (!this.#cards.has(key)) {
        const card = new ChartCard(chart, this.#context, (zoom) => this.#context.state.set({ zoom: writeZoom(zoom) }));
        card.reset(this.#rows);
        this.#cards.set(key, card);
      }
    }
    const roots = [...shown.keys()].flatMap((key) => this.#cards.get(key)?.root ?? []);
    if (roots.some((root, index) => this.#grid.children[index] !== root) || roots.length !== this.#grid.children.length) {
      replace(this.#grid, roots);
    }
    const nothing = "Nothing is logged yet: logger.log(step=1, loss=0.5) shows up here.";
    this.#empty.textContent = roots.length === 0 && this.#rows.length === 0 ? nothing : "";
  }

  /** The charts that the runs have, and default ones of the runs that have none. */
  #shownCharts() {
    const specified = this.#specified ?? [];
    const served = new Set(specified.flatMap(({ runs }) => [...(runs ?? [])]));
    const bare = this.#context.chosen.get().filter(({ id }) => !served.has(id)).map(({ id }) => id);
    if (bare.length === 0) {
      return specified;
    }
    const runs = new Set(bare);
    const rows = this.#rows.filter(({ run_id }) => runs.has(run_id));
    return [...specified, ...defaultCharts(rows).map((chart) => ({ ...chart, runs }))];
  }

  #zoom() {
    const zoom = readZoom(this.#context.state.get().zoom);
    this.#reset.hidden = zoom === null;
    this.#cards.forEach((card) => card.setZoom(zoom));
    this.#follower?.zoom(zoom);
  }
}

/**
 * Take the equal charts of several runs as one, in the order in which they stand.
 *
 * @param {{run_id: number, name: string | null, spec: any}[]} rows
 * @returns {ShownChart[]}
 */
function grouped(rows) {
  /** @type {Map<string, ShownChart & {runs: Set<number>}>} */
  const charts = new Map();
  for (const { run_id, name, spec } of rows) {
    const key = JSON.stringify([name, spec]);
    const chart = charts.get(key) ?? { title: name ?? "", spec, runs: new Set() };
    chart.runs.add(run_id);
    charts.set(key, chart);
  }
  return [...charts.values()];
}

/** @param {ShownChart} chart */
function keyOf({ title, spec, runs }) {
  return JSON.stringify([title, spec, [...(runs ?? [])]]);
}
