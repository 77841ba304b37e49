// @ts-check
// The part of an axis that charts are zoomed to, as it stands in the address: `step:100~200`.

/** @typedef {import("./rows.js").Zoom} Zoom */

/**
 * @param {string} text
 * @returns {Zoom | null} Null where it is no zoom.
 */
export function readZoom(text) {
  const [, field, from, to] = /^(.+):([^:~]+)~([^:~]+)$/.exec(text) ?? [];
  const zoom = { field: field ?? "", from: Number(from), to: Number(to) };
  return Number.isFinite(zoom.from) && Number.isFinite(zoom.to) && zoom.from < zoom.to ? zoom : null;
}

/**
 * @param {Zoom} zoom
 * @returns {string}
 */
export function writeZoom({ field, from, to }) {
  return `${field}:${Number(from.toPrecision(6))}~${Number(to.toPrecision(6))}`;
}
