// @ts-check
// The list of runs.

import { archivedBox } from "./archived_box.js";
import { element, replace, setText } from "./dom.js";
import { compile } from "./filter.js";
import { FilterBox } from "./filter_box.js";
import { ListBox } from "./list_box.js";
import { Listing } from "./listing.js";
import { listFoot } from "./list_foot.js";
import {
  ARCHIVE_SWEEP,
  FOLLOW_RUNS,
  FOLLOW_SEARCH,
  LIST_RUNS,
  SAMPLE_METADATA,
  SEARCH_RUNS,
  SWEEP,
} from "./operations.js";
import { runItem, tellingKeys } from "./run_item.js";
import { asListedRun } from "./runs.js";
import { sortBox, sorted } from "./sort_box.js";
import { Vocabulary } from "./suggestions.js";
import { asSweep } from "./sweep_item.js";
import { link } from "./tabs.js";

/** @typedef {import("./types.js").ListedRun} ListedRun */
/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./state.js").PageState} PageState */

// What is sorted by a value has to be there.
const MOST_SORTED = 1_000;

/**
 * Show the list of runs.
 *
 * @param {HTMLElement} container
 * @param {Context} context
 * @param {() => void} onOpen Called when one run is opened.
 * @returns {() => void} Ends it.
 */
export function runList(container, context, onOpen) {
  const list = new RunList(container, context, onOpen);
  return () => list.close();
}

class RunList {
  #context;
  #vocabulary = new Vocabulary();
  #crumb = element("p", { class: "crumb" });
  #filter;
  #sort;
  #archived;
  #box;
  #foot;
  /** @type {Listing<ListedRun> | null} */
  #listing = null;
  /** @type {string[]} */
  #keys = [];
  /** How options are drawn. */
  #drawing = "";
  /** @type {(() => void)[]} */
  #ends = [];
  #hasSampled = false;

  /**
   * @param {HTMLElement} container
   * @param {Context} context
   * @param {() => void} onOpen
   */
  constructor(container, context, onOpen) {
    const { state } = context;
    this.#context = context;
    this.#filter = new FilterBox(
      this.#vocabulary,
      (filter) => state.set({ filter }, { replace: true }),
      () => void this.#sample(),
    );
    this.#sort = sortBox((sort) => state.set({ sort }));
    this.#archived = archivedBox((archived) => state.set({ archived }));
    this.#box = new ListBox({
      label: "Runs",
      render: (/** @type {ListedRun} */ run) => runItem(run, this.#keys, this.#sortKey()),
      onChoose: (runs) => state.set({ runs }),
      onOpen: (id) => (state.set({ runs: [id] }), onOpen()),
      onSeen: () => this.#foot.seen(),
    });
    this.#foot = listFoot(
      () => this.#box,
      () => this.#listing,
    );
    replace(
      container,
      this.#crumb,
      this.#filter.element,
      element("div", { class: "list-options" }, this.#sort.element, this.#archived),
      this.#box.element,
      this.#foot.element,
    );
    this.#follow();
  }

  close() {
    this.#listing?.close();
    this.#foot.close();
    this.#ends.forEach((end) => end());
  }

  #follow() {
    const { state } = this.#context;
    this.#ends.push(
      state.follow(
        ({ sweep, filter, archived }) => ({ sweep, filter, archived }),
        (choice) => this.#open(choice),
      ),
      state.follow(
        ({ sweep }) => sweep,
        (sweep) => void this.#showCrumb(sweep),
      ),
      state.follow(
        ({ runs, sort }) => ({ runs, sort }),
        () => this.#show(),
      ),
    );
  }

  /** @param {Pick<PageState, "sweep" | "filter" | "archived">} choice */
  #open({ sweep, filter, archived }) {
    this.#listing?.close();
    this.#filter.set(filter);
    this.#archived.value = archived;
    const source = sourceOf(sweep, filter, archived);
    this.#listing =
      source &&
      new Listing(
        this.#context.client,
        source,
        () => this.#show(),
        (error) => this.#context.messages.fail("The runs cannot be listed", error),
      );
    this.#show();
    void this.#listing?.open();
  }

  #show() {
    const listing = this.#listing;
    const { runs, sort } = this.#context.state.get();
    const rows = listing?.rows ?? [];
    if (listing?.isReady && sort !== "" && listing.hasMore && rows.length < MOST_SORTED) {
      void listing.more(MOST_SORTED - rows.length);
    }
    this.#keys = tellingKeys(rows);
    const drawing = JSON.stringify([this.#keys, sort]);
    if (drawing !== this.#drawing) {
      this.#drawing = drawing;
      this.#box.redraw();
    }
    rows.forEach(({ name, tags, parameters }) =>
      this.#vocabulary.learn({ name, tags, parameters }),
    );
    this.#sort.show(rows, sort);
    this.#box.show(sorted(rows, sort), runs);
    this.#foot.show(rows.length, emptyText(this.#context.state.get()));
  }

  #sortKey() {
    return this.#context.state.get().sort.replace(/^-?(values|parameters)\./, "");
  }

  /** Learn what metadata hold beside what the list reads, when somebody wants to filter. */
  async #sample() {
    if (this.#hasSampled) {
      return;
    }
    this.#hasSampled = true;
    const { client, state } = this.#context;
    const { sweep } = state.get();
    const where = sweep === null ? {} : { sweep_id: { _eq: sweep } };
    const data = await client.query(SAMPLE_METADATA, { where });
    for (const { metadata } of data.run) {
      this.#vocabulary.learn(metadata);
    }
  }

  /**
   * @param {number} id
   * @param {boolean} isArchived
   * @returns {HTMLElement}
   */
  #archiver(id, isArchived) {
    const { client, messages, state } = this.#context;
    const archive = async () => {
      try {
        await client.mutate(ARCHIVE_SWEEP, { id, archived: !isArchived });
        messages.say(`Sweep ${id} and its runs ${isArchived ? "brought back" : "archived"}`);
        state.set({ list: "sweeps", sweep: null });
      } catch (error) {
        messages.fail(`Sweep ${id} cannot be changed`, error);
      }
    };
    const label = isArchived ? "Bring the sweep back" : "Archive the sweep";
    return element(
      "button",
      { class: "quiet", type: "button", onclick: () => void archive() },
      label,
    );
  }

  /** @param {number | null} id */
  async #showCrumb(id) {
    replace(this.#crumb);
    if (id === null) {
      return;
    }
    const { client, state } = this.#context;
    const back = link("Sweeps", { list: "sweeps", sweep: null, runs: [] }, state);
    const name = element("strong", {}, `sweep ${id}`);
    replace(this.#crumb, back, " › ", name);
    const { sweep_by_pk: row } = await client.query(SWEEP, { id });
    setText(name, row ? asSweep(row).name || `sweep ${id}` : `There is no sweep ${id}`);
    if (row) {
      this.#crumb.append(element("span", { class: "spring" }), this.#archiver(id, row.archived));
    }
  }
}

/**
 * Return where the runs of a choice come from; null where its filter cannot be read.
 *
 * @param {number | null} sweep
 * @param {string} filter
 * @param {PageState["archived"]} archived
 * @returns {import("./listing.js").Source<ListedRun> | null}
 */
function sourceOf(sweep, filter, archived) {
  let condition;
  try {
    condition = compile(filter);
  } catch {
    return null; // the field of the filter says what is wrong with it
  }
  return {
    list: condition ? SEARCH_RUNS : LIST_RUNS,
    follow: condition ? FOLLOW_SEARCH : FOLLOW_RUNS,
    watch: FOLLOW_RUNS,
    field: "runs",
    read: asListedRun,
    conditions: sweep === null ? [] : [{ sweep_id: { _eq: sweep } }],
    archived: archived === "archived",
    variables: condition ? { condition } : null,
  };
}

/** @param {Readonly<PageState>} state */
function emptyText({ filter, archived, sweep }) {
  if (filter !== "") {
    return "No run matches the filter.";
  }
  if (archived === "archived") {
    return "Nothing is archived.";
  }
  return sweep === null ? "There are no runs yet." : "The sweep has no runs yet.";
}
