// @ts-check
// Vega, loaded when the first chart is drawn.

/**
 * @typedef {(
 *   element: HTMLElement,
 *   spec: object,
 *   options: Record<string, any>,
 * ) => Promise<{view: any, spec: any, vgSpec: any, finalize: () => void}>} Embed
 */

/** @type {Promise<Embed> | null} */
let loading = null;

/**
 * Load vega-embed.
 *
 * @returns {Promise<Embed>}
 */
export function loadEmbed() {
  loading ??= import(new URL("../vega.js", import.meta.url).href).then(
    () => /** @type {any} */ (globalThis).vegaEmbed,
  );
  return loading;
}
