// @ts-check
// Whether a list holds what is archived, or what is not.

import { element } from "./dom.js";

/** @typedef {import("./state.js").PageState} PageState */

/**
 * Make the choice between the two.
 *
 * @param {(archived: PageState["archived"]) => void} onChange
 * @returns {HTMLSelectElement}
 */
export function archivedBox(onChange) {
  const select = element(
    "select",
    {
      "aria-label": "Archived or not",
      onchange: () => onChange(select.value === "archived" ? "archived" : "current"),
    },
    element("option", { value: "current" }, "Current"),
    element("option", { value: "archived" }, "Archived"),
  );
  return select;
}
