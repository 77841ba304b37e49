// @ts-check
// Drawing a specification, Vega's or Vega-Lite's. It is a stranger's: its expressions are
// interpreted, never compiled to code, and it can fetch nothing.

import { element, replace } from "./dom.js";
import { short } from "./values.js";
import { loadEmbed } from "./vega.js";

/** @typedef {import("./theme.js").Theme} Theme */
/**
 * @typedef {object} Drawing
 * @property {any} view The view of Vega, which holds the data.
 * @property {() => void} finalize Takes it down.
 */

/** What a chart asks for that lies elsewhere; said in the chart's place. */
export class RefusedLoad extends Error {
  /** @param {unknown} address */
  constructor(address) {
    super(`the chart asks for ${String(address)}, and charts may load nothing`);
    this.name = "RefusedLoad";
  }
}

/** @param {unknown} address */
const refuse = (address) => Promise.reject(new RefusedLoad(address));
const NO_LOADER = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

/**
 * Draw a specification into an element.
 *
 * @param {HTMLElement} container
 * @param {Record<string, any>} spec
 * @param {Theme} theme
 * @param {Record<string, any>} [options] Further options of vega-embed.
 * @returns {Promise<Drawing>}
 */
export async function draw(container, spec, theme, options = {}) {
  const embed = await loadEmbed();
  // Options that stand in a specification would come before ours.
  const { usermeta: _, ...drawn } = spec;
  return embed(container, drawn, {
    ast: true,
    actions: false,
    defaultStyle: false,
    loader: NO_LOADER,
    tooltip: showTooltip,
    config: configOf(theme),
    ...options,
  });
}

/**
 * Return how charts look beside the rest of the page; a specification says what it wants otherwise.
 *
 * @param {Theme} theme
 * @returns {Record<string, any>}
 */
export function configOf(theme) {
  const style = getComputedStyle(document.documentElement);
  const [text, muted, line] =
    theme === "dark" ? ["#e7e9ed", "#a0a8b4", "#2d323a"] : ["#1c1e22", "#5a5f69", "#e2e2dd"];
  const font = style.getPropertyValue("--sans").trim();
  return {
    background: "transparent",
    font,
    view: { stroke: "transparent" },
    axis: {
      labelColor: muted,
      titleColor: text,
      titleFontWeight: 500,
      gridColor: line,
      domainColor: line,
      tickColor: line,
      labelFontSize: 11,
      titleFontSize: 12,
    },
    legend: { labelColor: text, titleColor: muted, titleFontWeight: 500, labelLimit: 220 },
    header: { labelColor: text, titleColor: text },
    title: { color: text, fontWeight: 600, fontSize: 14, anchor: "start" },
    style: { "guide-label": { font }, "guide-title": { font } },
    text: { color: text },
    mark: { color: theme === "dark" ? "#93b4ff" : "#2456c4" },
  };
}

const tooltip = element("div", { class: "chart-tooltip", hidden: true });
document.body.append(tooltip);

/**
 * Show what a mark says of itself, as text.
 *
 * @param {unknown} _handler
 * @param {MouseEvent} event
 * @param {unknown} _item
 * @param {unknown} value
 */
function showTooltip(_handler, event, _item, value) {
  tooltip.hidden = value === null || value === undefined || value === "";
  if (tooltip.hidden) {
    return;
  }
  const entries = typeof value === "object" ? Object.entries(/** @type {object} */ (value)) : null;
  replace(
    tooltip,
    entries
      ? entries.map(([key, shown]) =>
          element("div", {}, element("span", { class: "muted" }, key), " ", short(shown)),
        )
      : short(value),
  );
  const { width, height } = tooltip.getBoundingClientRect();
  const left = event.clientX + 14 + width > innerWidth ? event.clientX - width - 8 : event.clientX + 14;
  const top = event.clientY + 14 + height > innerHeight ? event.clientY - height - 8 : event.clientY + 14;
  tooltip.style.left = `${Math.max(4, left)}px`;
  tooltip.style.top = `${Math.max(4, top)}px`;
}
