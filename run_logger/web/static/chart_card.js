// @ts-check
// One chart: drawn when it comes into sight, and given rows as they come.

import { element, replace } from "./dom.js";
import { draw } from "./drawing.js";
import { isObject, leaves, titleOf } from "./runs.js";
import { withRows } from "./specs.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./rows.js").Zoom} Zoom */
/** @typedef {import("./charts.js").ShownChart} ShownChart */

// The shortest time between two updates. Where drawing takes longer, so does the pause after it:
// the page leaves most of its core to others.
const LEAST_PAUSE = 400;
const LONGEST_PAUSE = 1_500;
const PAUSE_FOR_A_DRAWING = 3;
const DRAWING = "Drawing…";

export class ChartCard {
  #chart;
  #context;
  #onZoom;
  #place = element("div", { class: "chart-place" });
  #problem = element("p", { class: "problem", role: "alert" });
  /** @type {Row[]} */
  #rows = [];
  /** How many of the rows the drawing has. */
  #drawn = 0;
  /** @type {import("./drawing.js").Drawing | null} */
  #drawing = null;
  #isStale = true;
  #isBusy = false;
  #isInSight = false;
  #hasEnded = false;
  /** @type {Zoom | null} */
  #zoom = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #pause = 0;
  #observer;

  /**
   * @param {ShownChart} chart
   * @param {Context} context
   * @param {(zoom: Zoom) => void} onZoom Called when a part of an axis was marked.
   */
  constructor(chart, context, onZoom) {
    this.#chart = chart;
    this.#context = context;
    this.#onZoom = onZoom;
    this.root = element(
      "section",
      { class: "panel chart", "aria-label": chart.title || "Chart" },
      chart.title && element("h2", {}, chart.title),
      this.#place,
      this.#problem,
    );
    this.#observer = new IntersectionObserver((entries) => {
      this.#isInSight = entries.at(-1)?.isIntersecting ?? false;
      this.#plan();
    }, { rootMargin: "200px" });
    this.#observer.observe(this.root);
  }

  /**
   * Show these rows, and no others.
   *
   * @param {Row[]} rows
   */
  reset(rows) {
    this.#rows = rows.filter((row) => this.#isShown(row));
    this.#isStale = true;
    this.#plan();
  }

  /**
   * Show these rows too.
   *
   * @param {Row[]} rows
   */
  append(rows) {
    this.#rows.push(...rows.filter((row) => this.#isShown(row)));
    this.#plan();
  }

  /** @param {Zoom | null} zoom */
  setZoom(zoom) {
    this.#zoom = zoom;
    this.#isStale = true;
    this.#plan();
  }

  /** @param {import("./theme.js").Theme} _theme */
  setTheme(_theme) {
    this.#isStale = true;
    this.#plan();
  }

  end() {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#observer.disconnect();
    this.#drawing?.finalize();
  }

  /** @param {Row} row */
  #isShown({ run_id }) {
    return this.#chart.runs?.has(run_id) ?? true;
  }

  /**
   * Return the rows from a place on, joined with their runs: what is logged comes before what a
   * parameter is called alike. Each time they are new ones, since a view changes those that it is
   * given; and so they are kept only where they are drawn.
   *
   * @param {number} start
   * @returns {Record<string, any>[]}
   */
  #dataFrom(start) {
    const runs = new Map(
      this.#context.chosen.get().map((run) => [
        run.id,
        { run: titleOf(run), ...run.parameters, ...Object.fromEntries(leaves(run.parameters)) },
      ]),
    );
    return this.#rows.slice(start).map(({ run_id, log }, index) => ({
      order: start + index,
      run: "",
      ...runs.get(run_id),
      ...(isObject(log) ? log : {}),
      run_id,
    }));
  }

  /** Draw soon, if there is anything to draw, and somebody can see it. */
  #plan() {
    const isDue = this.#isStale || this.#drawn < this.#rows.length;
    if (isDue && this.#isInSight && !this.#isBusy && !this.#hasEnded && this.#timer === undefined) {
      this.#timer = setTimeout(() => void this.#update(), this.#pause);
    }
  }

  async #update() {
    this.#timer = undefined;
    this.#isBusy = true;
    const before = performance.now();
    try {
      await (this.#isStale || !this.#drawing ? this.#draw() : this.#insert(this.#drawing));
    } catch (error) {
      this.#problem.textContent = `This chart cannot be drawn: ${error instanceof Error ? error.message : String(error)}`;
    }
    const took = performance.now() - before;
    this.#pause = Math.min(LONGEST_PAUSE, Math.max(LEAST_PAUSE, took * PAUSE_FOR_A_DRAWING));
    this.#isBusy = false;
    this.#plan();
  }

  async #draw() {
    this.#isStale = false;
    this.#drawn = this.#rows.length;
    const place = element("div", { class: "chart-drawing", "aria-busy": "true" }, this.#drawing ? "" : DRAWING);
    const spec = zoomed(withRows(this.#chart.spec, this.#dataFrom(0)), this.#zoom);
    // Vega measures what it draws into, so that has to be on the page.
    this.#place.append(place);
    const before = this.#drawing;
    try {
      const drawing = await draw(place, spec, this.#context.theme.get(), { renderer: "canvas" });
      this.#drawing = drawing;
      // Whoever wants to know what a chart shows finds its view here, in the browser's console.
      Object.assign(this.root, { view: drawing.view });
      this.#problem.textContent = "";
      this.#followZoom(drawing.view, spec);
      replace(this.#place, place);
    } catch (error) {
      this.#drawing = null;
      replace(this.#place);
      throw error;
    } finally {
      before?.finalize();
      if (this.#hasEnded) {
        this.#drawing?.finalize();
      }
    }
  }

  /** @param {import("./drawing.js").Drawing} drawing */
  async #insert({ view }) {
    const rows = this.#dataFrom(this.#drawn);
    this.#drawn = this.#rows.length;
    await view.change("data", view.changeset().insert(rows)).runAsync();
  }

  /**
   * Tell when a part of an axis was marked, once the pointer is released.
   *
   * @param {any} view
   * @param {Record<string, any>} spec
   */
  #followZoom(view, spec) {
    const [selection] = (Array.isArray(spec.params) ? spec.params : []).filter(
      (param) => param?.select === "interval" || param?.select?.type === "interval",
    );
    if (!selection) {
      return;
    }
    /** @type {Zoom | null} */
    let marked = null;
    view.addSignalListener(selection.name, (/** @type {string} */ _name, /** @type {any} */ value) => {
      const [[field, range] = []] = Object.entries(value ?? {});
      marked =
        typeof field === "string" && Array.isArray(range) && typeof range[0] === "number"
          ? { field, from: range[0], to: range[1] }
          : null;
    });
    view.addEventListener("pointerup", () => marked && marked.from < marked.to && this.#onZoom(marked));
  }
}

/**
 * Narrow the axis of a chart that shows the zoomed field across.
 *
 * @param {Record<string, any>} spec
 * @param {Zoom | null} zoom
 * @returns {Record<string, any>}
 */
function zoomed(spec, zoom) {
  const x = spec.encoding?.x;
  if (!zoom || !isObject(x) || x.field !== zoom.field || x.type !== "quantitative") {
    return spec;
  }
  const scale = { ...x.scale, domain: [zoom.from, zoom.to] };
  const mark = isObject(spec.mark) ? { ...spec.mark, clip: true } : { type: spec.mark, clip: true };
  return { ...spec, mark, encoding: { ...spec.encoding, x: { ...x, scale } } };
}
