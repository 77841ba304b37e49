// @ts-check
// Runs as the API gives them, and as the page holds them.

/** @typedef {import("./types.js").Run} Run */
/** @typedef {import("./types.js").ListedRun} ListedRun */

/**
 * Return a run of an answer in the page's own form. Metadata are the user's: whatever stands there,
 * the form holds.
 *
 * @param {any} row
 * @returns {Run}
 */
export function asRun(row) {
  return {
    id: row.id,
    name: typeof row.name === "string" ? row.name : "",
    status: row.status,
    archived: row.archived,
    created_at: row.created_at,
    sweep_id: row.sweep_id,
    sweep_index: row.sweep_index,
    parameters: isObject(row.parameters) ? row.parameters : {},
    tags: Array.isArray(row.tags) ? row.tags.map(String) : [],
  };
}

/**
 * Return a run of an answer as the list holds it.
 *
 * @param {any} row
 * @returns {ListedRun}
 */
export function asListedRun(row) {
  const [writer] = row.writers;
  return {
    ...asRun(row),
    parameters: Object.fromEntries(leaves(row.parameters)),
    heard: writer?.heartbeat_at ?? null,
    error: writer?.error ?? null,
    values: lastValues(row.run_logs),
  };
}

/**
 * Return what parameters hold, those in objects by their path: `model.depth`.
 *
 * @param {unknown} value
 * @param {string} [path]
 * @returns {[string, any][]}
 */
export function leaves(value, path = "") {
  if (!isObject(value)) {
    return path === "" ? [] : [[path, value]];
  }
  return Object.entries(value).flatMap(([key, member]) =>
    leaves(member, path === "" ? key : `${path}.${key}`),
  );
}

/**
 * Return the last number of each key, of rows that begin with the newest. Measures of the machine
 * are left out: they are no values of the run.
 *
 * @param {{log: unknown}[]} rows
 * @returns {Record<string, number>}
 */
export function lastValues(rows) {
  /** @type {Record<string, number>} */
  const values = {};
  for (const { log } of rows) {
    for (const [key, value] of Object.entries(isObject(log) ? log : {})) {
      if (typeof value === "number" && !key.startsWith("system/")) {
        values[key] ??= value;
      }
    }
  }
  return values;
}

/**
 * Return what a run is called: its name, else its number.
 *
 * @param {Run} run
 * @returns {string}
 */
export function titleOf(run) {
  return run.name || `run ${run.id}`;
}

/**
 * Tell whether a value is an object of JSON.
 *
 * @param {unknown} value
 * @returns {value is Record<string, any>}
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
