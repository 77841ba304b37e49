// @ts-check
// The types that the modules of the page share.

/**
 * A run, as the list and the main pane know it.
 *
 * @typedef {object} Run
 * @property {number} id
 * @property {string} name `""` where it has none.
 * @property {string | null} status `running`, `finished`, `failed`, `killed`, `silent`; null
 *   without writers.
 * @property {boolean} archived
 * @property {string | null} created_at ISO 8601.
 * @property {number | null} sweep_id
 * @property {number | null} sweep_index
 * @property {Record<string, any>} parameters
 * @property {string[]} tags
 */

/**
 * A run in the list.
 *
 * @typedef {Run & {
 *   heard: string | null,
 *   error: string | null,
 *   values: Record<string, number>,
 * }} ListedRun `heard`: when one of its writers was last heard of, ISO 8601. `error`: what ended it.
 *   `values`: the last number of each key that it logged. Its parameters have no objects in them:
 *   `model.depth` stands for what is in one.
 */

/**
 * What a view of the main pane is given.
 *
 * @typedef {object} Context
 * @property {import("./graphql.js").Client} client The API.
 * @property {import("./state.js").State} state What the address says: tab, zoom, chosen runs.
 * @property {import("./events.js").Observable<Run[]>} chosen The chosen runs, live: those of the
 *   address, or all of the chosen sweep, by id. It changes only where one of them does.
 * @property {import("./events.js").Observable<import("./theme.js").Theme>} theme `light` or `dark`,
 *   as it is now.
 * @property {import("./messages.js").Messages} messages Where a view tells what was done, and what
 *   failed.
 */

/**
 * A view of the main pane: fills an empty container. What it returns takes the view down again:
 * ends subscriptions, timers and listeners; the container is emptied by the caller.
 *
 * @typedef {(container: HTMLElement, context: Context) => () => void} View
 */

export {};
