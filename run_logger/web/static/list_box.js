// @ts-check
// A list of which one chooses some, by mouse or by keyboard: the pattern "listbox" of ARIA, with
// its keys. The list is one stop of the tabulator; the arrows go through it.

import { element, replace } from "./dom.js";

/**
 * @template Item
 * @typedef {object} ListBoxOptions
 * @property {string} label What the list is called.
 * @property {(item: Item) => import("./dom.js").Child[]} render What an option holds.
 * @property {((ids: number[]) => void) | null} onChoose Called with all that is chosen; null: one
 *   opens an item, and chooses none.
 * @property {(id: number) => void} onOpen Called with what is chosen alone.
 * @property {() => void} onSeen Called when other options are on the screen.
 */

/**
 * @template {{id: number}} Item
 */
export class ListBox {
  /** The element. */
  element;
  /** The ids of the options that are on the screen. @type {Set<number>} */
  onScreen = new Set();
  #options;
  /** @type {Map<number, {option: HTMLElement, shown: string}>} */
  #rendered = new Map();
  /** @type {number[]} */
  #ids = [];
  /** @type {Set<number>} */
  #chosen = new Set();
  /** @type {number | null} */
  #active = null;
  /** @type {number | null} */
  #anchor = null;
  #observer;

  /** @param {ListBoxOptions<Item>} options */
  constructor(options) {
    this.#options = options;
    this.element = element("div", {
      class: "list-box",
      role: "listbox",
      tabindex: 0,
      "aria-label": options.label,
      "aria-multiselectable": String(options.onChoose !== null),
      onclick: (/** @type {MouseEvent} */ event) => this.#clicked(event),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#pressed(event),
    });
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), {
      root: this.element,
    });
  }

  /**
   * Show items. Only what changed is drawn anew.
   *
   * @param {Item[]} items
   * @param {number[]} chosen
   */
  show(items, chosen) {
    this.#ids = items.map((item) => item.id);
    this.#chosen = new Set(chosen);
    const options = items.map((item) => this.#option(item));
    const known = new Set(this.#ids);
    for (const [id, { option }] of this.#rendered) {
      if (!known.has(id)) {
        option.remove();
        this.#observer.unobserve(option);
        this.#rendered.delete(id);
        this.onScreen.delete(id);
      }
    }
    options.forEach((option, index) => {
      if (this.element.children[index] !== option) {
        this.element.insertBefore(option, this.element.children[index] ?? null);
      }
    });
    this.#markChosen();
    this.#activate(this.#active !== null && known.has(this.#active) ? this.#active : null);
  }

  /**
   * @param {Item} item
   * @returns {HTMLElement}
   */
  #option(item) {
    const shown = JSON.stringify(item);
    let rendered = this.#rendered.get(item.id);
    if (!rendered) {
      const option = element("div", {
        class: "option",
        role: "option",
        id: `option-${item.id}`,
        dataset: { id: item.id },
      });
      rendered = { option, shown: "" };
      this.#rendered.set(item.id, rendered);
      this.#observer.observe(option);
    }
    if (rendered.shown !== shown) {
      rendered.shown = shown;
      const check =
        this.#options.onChoose && element("span", { class: "check", "aria-hidden": "true" });
      const content = element("div", { class: "content" }, ...this.#options.render(item));
      replace(rendered.option, check, content);
    }
    return rendered.option;
  }

  /** Draw all options anew, since how they are drawn has changed. */
  redraw() {
    for (const rendered of this.#rendered.values()) {
      rendered.shown = "";
    }
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #seen(entries) {
    for (const { target, isIntersecting } of entries) {
      const id = Number(/** @type {HTMLElement} */ (target).dataset.id);
      this.onScreen[isIntersecting && this.#rendered.has(id) ? "add" : "delete"](id);
    }
    this.#options.onSeen();
  }

  #markChosen() {
    for (const [id, { option }] of this.#rendered) {
      option.setAttribute("aria-selected", String(this.#chosen.has(id)));
    }
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const option = /** @type {HTMLElement | null} */ (target.closest("[role=option]"));
    if (!option) {
      return;
    }
    const id = Number(option.dataset.id);
    this.#activate(id);
    if (event.shiftKey) {
      this.#chooseRange(id);
    } else if (event.ctrlKey || event.metaKey || target.closest(".check")) {
      this.#toggle(id);
    } else {
      this.#open(id);
    }
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const step = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: 10,
      PageUp: -10,
      Home: -Infinity,
      End: Infinity,
    }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      this.#move(step, event.shiftKey);
    } else if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#choose(this.#ids);
    } else if (this.#active !== null && (event.key === " " || event.key === "Enter")) {
      event.preventDefault();
      event.key === " " ? this.#toggle(this.#active) : this.#open(this.#active);
    } else if (event.key === "Escape") {
      this.#choose([]);
    }
  }

  /**
   * @param {number} step
   * @param {boolean} chooses
   */
  #move(step, chooses) {
    const now = this.#active === null ? (step > 0 ? -1 : 0) : this.#ids.indexOf(this.#active);
    const next = Math.max(0, Math.min(this.#ids.length - 1, now + step));
    const id = this.#ids[next];
    if (id === undefined) {
      return;
    }
    this.#activate(id);
    this.#rendered.get(id)?.option.scrollIntoView({ block: "nearest" });
    if (chooses) {
      this.#anchor ??= id;
      this.#chooseRange(id);
    }
  }

  /** @param {number | null} id */
  #activate(id) {
    if (this.#active !== null) {
      this.#rendered.get(this.#active)?.option.classList.remove("is-active");
    }
    this.#active = id;
    if (id === null) {
      this.element.removeAttribute("aria-activedescendant");
    } else {
      this.#rendered.get(id)?.option.classList.add("is-active");
      this.element.setAttribute("aria-activedescendant", `option-${id}`);
    }
  }

  /** @param {number} id */
  #open(id) {
    this.#anchor = id;
    this.#options.onOpen(id);
  }

  /** @param {number} id */
  #toggle(id) {
    this.#anchor = id;
    const isChosen = this.#chosen.has(id);
    this.#choose(
      isChosen ? [...this.#chosen].filter((other) => other !== id) : [...this.#chosen, id],
    );
  }

  /** @param {number} id */
  #chooseRange(id) {
    const from = this.#ids.indexOf(this.#anchor ?? id);
    const to = this.#ids.indexOf(id);
    this.#choose(this.#ids.slice(Math.min(from, to), Math.max(from, to) + 1));
  }

  /** @param {number[]} ids */
  #choose(ids) {
    this.#options.onChoose?.([...ids].sort((one, other) => one - other));
  }
}
