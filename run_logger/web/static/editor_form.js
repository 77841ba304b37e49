// @ts-check
// One chart: its name, its text, what is wrong with it, and what it draws.

import { ADD_CHARTS, CHANGE_CHARTS, SAMPLE_ROWS } from "./editor_operations.js";
import { element, replace, setText } from "./dom.js";
import { draw } from "./drawing.js";
import { isObject, leaves } from "./runs.js";
import { withRows } from "./specs.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./editor.js").EditedChart} EditedChart */

const MOST_ROWS = 5_000;
// Nobody wants to be told while typing what is not finished yet.
const PAUSE = 300;

const START = {
  $schema: "https://vega.github.io/schema/vega-lite/v6.json",
  data: { name: "data" },
  width: "container",
  mark: "line",
  encoding: {
    x: { field: "step", type: "quantitative" },
    y: { field: "loss", type: "quantitative" },
    color: { field: "run_id", type: "nominal" },
  },
};

/**
 * Return the form of one chart.
 *
 * @param {Context} context
 * @returns {ChartForm}
 */
export function chartForm(context) {
  return new ChartForm(context);
}

export class ChartForm {
  /** @type {EditedChart | null} */
  #chart = null;
  /** @type {Record<string, any>[]} */
  #rows = [];
  /** @type {import("./drawing.js").Drawing | null} */
  #drawing = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #loads = 0;
  #checks = 0;
  #context;
  #endTheme;
  #name = element("input", { type: "text", placeholder: "Name", "aria-label": "Name of the chart" });
  #text = element("textarea", {
    spellcheck: "false",
    rows: "24",
    "aria-label": "Specification of the chart",
    "aria-describedby": "chart-problems",
    oninput: () => this.#checkSoon(),
  });
  #problems = element("ul", { id: "chart-problems", class: "problems", role: "status" });
  #preview = element("div", { class: "preview" });
  #save = element("button", { class: "primary", type: "button", onclick: () => this.#saveChanges() }, "Save");
  #add = element("button", { type: "button", onclick: () => this.#addToRuns() });
  #pictures = ["png", "svg"].map((format) =>
    element("button", { type: "button", onclick: () => this.#download(format) }, format.toUpperCase()),
  );

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.root = element(
      "div",
      { class: "chart-form" },
      element("div", { class: "form-head" }, this.#name, this.#save, this.#add, element("span", { class: "spring" }), this.#pictures),
      element(
        "div",
        { class: "form-body" },
        element("div", {}, this.#text, this.#problems),
        element("div", { class: "panel" }, this.#preview),
      ),
    );
    this.#endTheme = context.theme.subscribe(() => void this.#check());
  }

  /**
   * Edit a chart, or begin a new one.
   *
   * @param {EditedChart | null} chart
   */
  edit(chart) {
    this.#chart = chart;
    this.#name.value = chart?.name ?? "";
    this.#text.value = JSON.stringify(chart?.spec ?? START, null, 2);
    this.#showButtons();
    void this.#loadRows(chart?.runs ?? this.#context.chosen.get().map(({ id }) => id));
  }

  /**
   * Take note of what the runs have now; begin with the first chart where none was chosen.
   *
   * @param {EditedChart[]} charts
   */
  take(charts) {
    const [first] = charts;
    if (this.#chart === null) {
      if (first && this.#text.value === JSON.stringify(START, null, 2)) {
        this.edit(first);
      }
      return;
    }
    const { ids } = this.#chart;
    this.#chart = charts.find((chart) => chart.ids.some((id) => ids.includes(id))) ?? null;
    this.#showButtons();
  }

  leave() {
    clearTimeout(this.#timer);
    this.#loads += 1;
    this.#checks += 1;
    this.#endTheme();
    this.#drawing?.finalize();
  }

  #showButtons() {
    const others = this.#context.chosen.get().length;
    const has = this.#chart?.runs.length ?? 0;
    this.#save.hidden = this.#chart === null;
    this.#save.textContent = has > 1 ? `Save to ${has} runs` : "Save";
    setText(this.#add, `Add to ${others === 1 ? "the chosen run" : `${others} chosen runs`}`);
    this.#add.disabled = others === 0;
  }

  /** @param {number[]} runs */
  async #loadRows(runs) {
    const mine = (this.#loads += 1);
    try {
      const { run_log_sample: rows } = await this.#context.client.query(SAMPLE_ROWS, {
        run_ids: runs,
        max_rows: MOST_ROWS,
      });
      if (mine === this.#loads) {
        const parameters = new Map(
          this.#context.chosen.get().map((run) => [run.id, Object.fromEntries(leaves(run.parameters))]),
        );
        this.#rows = rows.map((/** @type {any} */ { run_id, log }) => ({
          ...parameters.get(run_id),
          ...(isObject(log) ? log : {}),
          run_id,
        }));
        await this.#check();
      }
    } catch (error) {
      this.#context.messages.fail("The logs cannot be read", error);
    }
  }

  #checkSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(), PAUSE);
  }

  async #check() {
    const mine = (this.#checks += 1);
    const spec = this.#read();
    if (spec === null) {
      return;
    }
    const problems = await problemsOf(spec);
    if (mine !== this.#checks) {
      return;
    }
    this.#showProblems(problems);
    try {
      const place = element("div");
      const drawing = await draw(place, withRows(spec, this.#rows), this.#context.theme.get());
      this.#drawing?.finalize();
      this.#drawing = drawing;
      replace(this.#preview, place);
      await drawing.view.resize().runAsync();
    } catch (error) {
      this.#showProblems(problems.length > 0 ? problems : [String(error instanceof Error ? error.message : error)]);
    }
  }

  /** Return the specification, or say why it is none. */
  #read() {
    try {
      const spec = JSON.parse(this.#text.value);
      if (isObject(spec)) {
        return spec;
      }
      this.#showProblems(["A chart is an object: it begins with {."]);
    } catch (error) {
      this.#showProblems([error instanceof Error ? error.message : String(error)]);
    }
    return null;
  }

  /** @param {string[]} problems */
  #showProblems(problems) {
    this.#text.setAttribute("aria-invalid", String(problems.length > 0));
    replace(this.#problems, problems.map((problem) => element("li", {}, problem)));
  }

  async #saveChanges() {
    const spec = this.#read();
    if (spec && this.#chart) {
      const change = { spec, name: this.#name.value || null };
      await this.#tell("saved", () => this.#context.client.mutate(CHANGE_CHARTS, { ids: this.#chart?.ids, change }));
    }
  }

  async #addToRuns() {
    const spec = this.#read();
    if (spec) {
      const charts = this.#context.chosen.get().map(({ id }) => ({
        run_id: id,
        spec,
        name: this.#name.value || null,
      }));
      await this.#tell("added", () => this.#context.client.mutate(ADD_CHARTS, { charts }));
    }
  }

  /**
   * @param {string} done
   * @param {() => Promise<unknown>} act
   */
  async #tell(done, act) {
    try {
      await act();
      this.#context.messages.say(`The chart is ${done}.`);
    } catch (error) {
      this.#context.messages.fail(`The chart was not ${done}`, error);
    }
  }

  /** @param {string} format */
  async #download(format) {
    const address = await this.#drawing?.view.toImageURL(format, format === "png" ? 2 : 1);
    if (address) {
      element("a", { href: address, download: `${this.#name.value || "chart"}.${format}` }).click();
    }
  }
}

/**
 * Ask the server of the page what the schema of Vega-Lite says of a chart.
 *
 * @param {Record<string, any>} spec
 * @returns {Promise<string[]>}
 */
async function problemsOf(spec) {
  const answer = await fetch(new URL("check-chart", document.baseURI), {
    method: "POST",
    body: JSON.stringify(spec),
  }).catch(() => null);
  return answer?.ok ? answer.json() : [];
}
