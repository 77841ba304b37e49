// @ts-check
// The field in which a filter is typed, with what may be typed next: the pattern "combobox" of ARIA.

import { element, replace, setText } from "./dom.js";
import { FilterError, compile } from "./filter.js";
import { complete, mayGoOn } from "./suggestions.js";

/** @typedef {import("./suggestions.js").Vocabulary} Vocabulary */

const PAUSE = 300;

/** A field for a filter. */
export class FilterBox {
  element;
  #input;
  #popup;
  #problem;
  #vocabulary;
  #onFilter;
  #active = -1;
  /** @type {import("./suggestions.js").Completion} */
  #completion = { start: 0, suggestions: [] };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Vocabulary} vocabulary
   * @param {(filter: string) => void} onFilter Called with each filter that can be read.
   * @param {() => void} onFocus
   */
  constructor(vocabulary, onFilter, onFocus) {
    this.#vocabulary = vocabulary;
    this.#onFilter = onFilter;
    this.#input = element("input", {
      type: "text",
      role: "combobox",
      placeholder: "Filter: lr < 0.1 and status = failed",
      "aria-label": "Filter of runs",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": "suggestions",
      "aria-describedby": "filter-problem",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      oninput: () => this.#typed(),
      onfocus: onFocus,
      onblur: () => (this.#close(), this.#check(true)),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#pressed(event),
    });
    this.#popup = element("div", {
      id: "suggestions",
      class: "suggestions",
      role: "listbox",
      "aria-label": "What may be typed next",
      hidden: true,
      // A click must not take the focus from the field.
      onmousedown: (/** @type {MouseEvent} */ event) => this.#clicked(event),
    });
    this.#problem = element("p", { id: "filter-problem", class: "problem", role: "alert" });
    this.element = element("div", { class: "filter-box" }, this.#input, this.#popup, this.#problem);
  }

  /** @param {string} filter */
  set(filter) {
    if (document.activeElement !== this.#input && this.#input.value !== filter) {
      this.#input.value = filter;
      this.#check(true);
    }
  }

  #typed() {
    this.#suggest();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(false), PAUSE);
  }

  /**
   * Hand on what was typed, or say what is wrong with it.
   *
   * @param {boolean} isDone Whether what is not finished is wrong.
   */
  #check(isDone) {
    clearTimeout(this.#timer);
    let error = null;
    const text = this.#input.value.trim();
    try {
      compile(text);
      if (isDone || !mayGoOn(text, this.#vocabulary)) {
        this.#onFilter(text);
      }
    } catch (thrown) {
      if (!(thrown instanceof FilterError)) {
        throw thrown;
      }
      error = thrown.expected !== null && !isDone ? null : thrown;
    }
    this.#input.setAttribute("aria-invalid", String(error !== null));
    this.#show(error);
  }

  /** @param {FilterError | null} error */
  #show(error) {
    if (!error) {
      setText(this.#problem, "");
      return;
    }
    const text = this.#input.value;
    const wrong = text.slice(error.start, error.end);
    const place = element(
      "span",
      { class: "place" },
      text.slice(0, error.start),
      element("mark", {}, wrong || "\u00a0"),
      text.slice(error.end),
    );
    replace(this.#problem, `${error.message[0]?.toUpperCase()}${error.message.slice(1)}:`, place);
  }

  #suggest() {
    const cursor = this.#input.selectionStart ?? this.#input.value.length;
    this.#completion = complete(this.#input.value.slice(0, cursor), this.#vocabulary);
    const options = this.#completion.suggestions.map(({ text, hint }, index) =>
      element(
        "div",
        { role: "option", id: `suggestion-${index}`, dataset: { index }, "aria-selected": "false" },
        element("code", {}, text),
        hint && element("span", { class: "muted" }, hint),
      ),
    );
    replace(this.#popup, options);
    this.#popup.hidden = options.length === 0;
    this.#input.setAttribute("aria-expanded", String(options.length > 0));
    this.#activate(-1);
  }

  #close() {
    this.#popup.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#activate(-1);
  }

  /** @param {number} index */
  #activate(index) {
    this.#popup.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const option = this.#popup.children[index];
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      this.#input.setAttribute("aria-activedescendant", option.id);
    } else {
      this.#input.removeAttribute("aria-activedescendant");
    }
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const isOpen = !this.#popup.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      isOpen ? this.#step(step) : this.#suggest();
    } else if ((event.key === "Enter" || event.key === "Tab") && isOpen && this.#active >= 0) {
      event.preventDefault();
      this.#accept(this.#active);
    } else if (event.key === "Enter") {
      this.#close();
      this.#check(true);
    } else if (event.key === "Escape" && isOpen) {
      event.stopPropagation();
      this.#close();
    }
  }

  /** @param {number} step */
  #step(step) {
    const count = this.#completion.suggestions.length;
    this.#activate(
      this.#active < 0 && step < 0 ? count - 1 : (this.#active + step + count) % count,
    );
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    event.preventDefault();
    const option = /** @type {HTMLElement | null} */ (
      /** @type {Element} */ (event.target).closest("[role=option]")
    );
    if (option) {
      this.#accept(Number(option.dataset.index));
    }
  }

  /** @param {number} index */
  #accept(index) {
    const { start, suggestions } = this.#completion;
    const cursor = this.#input.selectionStart ?? this.#input.value.length;
    this.#input.setRangeText(`${suggestions[index]?.text ?? ""} `, start, cursor, "end");
    this.#typed();
  }
}
