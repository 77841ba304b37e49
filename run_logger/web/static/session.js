// @ts-check
// The admin secret: asked for once, kept by the browser until the tab is closed.

import { byId, setText } from "./dom.js";

const KEY = "run-logger-admin-secret";

/** @type {Promise<void> | null} */
let asking = null;

/**
 * Return the headers that say who asks.
 *
 * @returns {Record<string, string>}
 */
export function headers() {
  const secret = sessionStorage.getItem(KEY);
  return secret === null ? {} : { "x-hasura-admin-secret": secret };
}

/**
 * Ask for the secret, since the server refused what it was sent. Whoever calls meanwhile waits for
 * the same answer.
 *
 * @param {Record<string, string>} refused The headers that were sent.
 * @returns {Promise<void>} Done when there is another secret to try.
 */
export async function ask(refused) {
  if (refused["x-hasura-admin-secret"] !== headers()["x-hasura-admin-secret"]) {
    return; // another one was given since
  }
  asking ??= open("x-hasura-admin-secret" in refused).finally(() => {
    asking = null;
  });
  await asking;
}

/**
 * @param {boolean} wasWrong
 * @returns {Promise<void>}
 */
function open(wasWrong) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("secret-dialog"));
  const input = /** @type {HTMLInputElement} */ (byId("secret"));
  const form = /** @type {HTMLFormElement} */ (byId("secret-form"));
  setText(byId("secret-problem"), wasWrong ? "The server does not take this secret." : "");
  input.setAttribute("aria-invalid", String(wasWrong));
  input.value = "";
  form.onsubmit = (event) => {
    event.preventDefault();
    sessionStorage.setItem(KEY, input.value);
    dialog.close();
  };
  dialog.showModal();
  // Who closes it without an answer is asked again, by the next refusal.
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(), { once: true });
  });
}
