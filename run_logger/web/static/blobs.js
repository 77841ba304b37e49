// @ts-check
// What the chosen runs stored: images and text shown in place, all else to download. Nothing is
// loaded until somebody asks for it.

import { element, replace } from "./dom.js";
import { BLOB, BLOBS } from "./operations.js";
import { moment } from "./run_item.js";
import { isObject, titleOf } from "./runs.js";
import { contentOf, fromHex, typeOf } from "./blob_content.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").Run} Run */
/**
 * @typedef {object} Blob_
 * @property {number} id
 * @property {number} run_id
 * @property {string} name
 * @property {string} type Its media type, `""` where nothing tells.
 * @property {string | null} logged_at
 */

const MOST = 500;

/** @type {import("./types.js").View} */
export function blobs(container, context) {
  const list = element("ul", { class: "blobs" });
  const note = element("p", { class: "empty" });
  replace(container, note, list);
  /** @type {Map<number, HTMLElement>} */
  const items = new Map();
  let end = () => {};
  let before = "";

  const leave = context.chosen.follow((runs) => {
    const ids = runs.map((run) => run.id);
    if (JSON.stringify(ids) === before) {
      return;
    }
    before = JSON.stringify(ids);
    end();
    end = context.client.subscribe(
      BLOBS,
      { run_ids: ids, limit: MOST },
      (data) => show(data.run_blob.map(asBlob)),
      (error) => context.messages.fail("The files cannot be listed", error),
    );
  });

  /** @param {Blob_[]} found */
  function show(found) {
    note.textContent = emptyNote(found.length);
    for (const blob of found) {
      if (!items.has(blob.id)) {
        items.set(blob.id, blobItem(blob, context));
      }
    }
    replace(
      list,
      found.map(({ id }) => items.get(id)),
    );
  }

  return () => {
    leave();
    end();
  };
}

/** @param {number} count */
function emptyNote(count) {
  if (count === 0) {
    return 'No files. logger.blob(data, {"name": …, "type": …}) stores one.';
  }
  return count === MOST ? `The newest ${MOST} are shown.` : "";
}

/**
 * @param {any} row
 * @returns {Blob_}
 */
function asBlob({ id, run_id, metadata, logged_at }) {
  const { name } = isObject(metadata) ? metadata : /** @type {any} */ ({});
  const shown = typeof name === "string" && name !== "" ? name : `file ${id}`;
  return { id, run_id, logged_at, name: shown, type: typeOf(metadata, shown) };
}

/**
 * @param {Blob_} blob
 * @param {Context} context
 * @returns {HTMLElement}
 */
function blobItem(blob, context) {
  const run = context.chosen.get().find(({ id }) => id === blob.run_id);
  const place = element("div", { class: "blob-content" });
  const canShow =
    blob.type === "" || blob.type.startsWith("image/") || blob.type.startsWith("text/");
  const show = button("Show", `Show ${blob.name}`, async () => {
    replace(place, await contentOf(await load(blob, context)));
    show.remove();
  });
  const save = button("Download", `Download ${blob.name}`, async () =>
    download(await load(blob, context), blob.name),
  );
  return element(
    "li",
    { class: "panel" },
    element(
      "div",
      { class: "blob-head" },
      element("h2", {}, blob.name),
      element(
        "span",
        { class: "muted" },
        run ? `${titleOf(run)} #${run.id}` : `run ${blob.run_id}`,
      ),
      element("span", { class: "muted" }, blob.type, " ", moment(blob.logged_at)),
      element("span", { class: "spring" }),
      canShow && show,
      save,
    ),
    place,
  );

  /**
   * @param {string} text
   * @param {string} label
   * @param {() => Promise<void>} act
   */
  function button(text, label, act) {
    const made = element(
      "button",
      {
        type: "button",
        "aria-label": label,
        onclick: async () => {
          made.disabled = true;
          try {
            await act();
          } catch (error) {
            context.messages.fail(`${blob.name} cannot be loaded`, error);
          }
          made.disabled = false;
        },
      },
      text,
    );
    return made;
  }
}

/**
 * @param {Blob_} blob
 * @param {Context} context
 * @returns {Promise<Blob>}
 */
async function load({ id, type }, { client }) {
  const { run_blob_by_pk: row } = await client.query(BLOB, { id });
  if (!row) {
    throw new Error("it is not there any more");
  }
  return new Blob([fromHex(row.blob)], { type });
}

/**
 * @param {Blob} content
 * @param {string} name
 */
function download(content, name) {
  const href = URL.createObjectURL(content);
  element("a", { href, download: name }).click();
  // The browser has to begin with it first.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
