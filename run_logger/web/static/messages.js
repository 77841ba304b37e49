// @ts-check
// Short messages about what was done or went wrong; a screen reader says them.

import { byId, element } from "./dom.js";

const SECONDS = 6;

/** Shows messages at the foot of the page. */
export class Messages {
  #place = byId("messages");

  /**
   * Say that something was done.
   *
   * @param {string} text
   * @param {{label: string, act: () => void}} [action] A button beside it, such as Undo.
   */
  say(text, action) {
    const message = this.#show(text, "message", action);
    setTimeout(() => message.remove(), SECONDS * 1000);
  }

  /**
   * Say that something went wrong; it stays until the user closes it.
   *
   * @param {string} what What was tried: "The runs were not archived".
   * @param {unknown} error
   */
  fail(what, error) {
    const reason = error instanceof Error ? error.message : String(error);
    this.#show(`${what}: ${reason}`, "message is-problem");
  }

  /**
   * @param {string} text
   * @param {string} style
   * @param {{label: string, act: () => void}} [action]
   * @returns {HTMLElement}
   */
  #show(text, style, action) {
    const close = () => message.remove();
    const message = element(
      "div",
      { class: style },
      element("span", {}, text),
      action &&
        element(
          "button",
          { class: "quiet", type: "button", onclick: () => (close(), action.act()) },
          action.label,
        ),
      element(
        "button",
        { class: "quiet icon", type: "button", "aria-label": "Close the message", onclick: close },
        "×",
      ),
    );
    this.#place.append(message);
    return message;
  }
}
