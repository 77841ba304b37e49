// @ts-check
// The list of sweeps.

import { archivedBox } from "./archived_box.js";
import { element, replace } from "./dom.js";
import { ListBox } from "./list_box.js";
import { Listing } from "./listing.js";
import { listFoot } from "./list_foot.js";
import { FOLLOW_SWEEPS, LIST_SWEEPS } from "./operations.js";
import { asSweep, sweepItem } from "./sweep_item.js";

/** @typedef {import("./sweep_item.js").Sweep} Sweep */
/** @typedef {import("./types.js").Context} Context */

const PAUSE = 300;

/**
 * Show the list of sweeps; to open one shows its runs.
 *
 * @param {HTMLElement} container
 * @param {Context} context
 * @returns {() => void} Ends it.
 */
export function sweepList(container, { client, state, messages }) {
  /** @type {Listing<Sweep> | null} */
  let listing = null;
  let text = "";
  /** @type {ListBox<Sweep>} */
  const box = new ListBox({
    label: "Sweeps",
    render: sweepItem,
    onChoose: null,
    onSeen: () => foot.seen(),
    onOpen: (sweep) => state.set({ list: "runs", sweep, runs: [], filter: "", sort: "" }),
  });
  const foot = listFoot(
    () => box,
    () => listing,
  );
  const archived = archivedBox((chosen) => state.set({ archived: chosen }));
  const search = searchField((typed) => {
    text = typed;
    open();
  });
  replace(
    container,
    element("div", { class: "list-options sweep-options" }, search, archived),
    box.element,
    foot.element,
  );

  function open() {
    listing?.close();
    archived.value = state.get().archived;
    listing = new Listing(client, source(text, archived.value === "archived"), show, (error) =>
      messages.fail("The sweeps cannot be listed", error),
    );
    void listing.open();
  }

  function show() {
    const rows = listing?.rows ?? [];
    box.show(rows, []);
    foot.show(rows.length, text === "" ? "There are no sweeps here." : "No sweep has this in it.");
  }

  const leave = state.follow(({ archived: chosen }) => chosen, open);
  return () => {
    leave();
    listing?.close();
    foot.close();
  };
}

/**
 * @param {(text: string) => void} onSearch
 * @returns {HTMLInputElement}
 */
function searchField(onSearch) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const field = element("input", {
    type: "search",
    placeholder: "Search sweeps",
    "aria-label": "Search sweeps",
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => onSearch(field.value.trim()), PAUSE);
    },
  });
  return field;
}

/**
 * @param {string} text What is to stand in the metadata.
 * @param {boolean} archived
 * @returns {import("./listing.js").Source<Sweep>}
 */
function source(text, archived) {
  const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
  return {
    list: LIST_SWEEPS,
    follow: FOLLOW_SWEEPS,
    watch: FOLLOW_SWEEPS,
    field: "sweeps",
    read: asSweep,
    conditions: text === "" ? [] : [{ metadata: { _cast: { String: { _ilike: pattern } } } }],
    archived,
    variables: null,
  };
}
