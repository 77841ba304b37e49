// @ts-check
// Light or dark: as the system has it, unless the user chose.

import { Observable } from "./events.js";

/** @typedef {"light" | "dark"} Theme */

const KEY = "run-logger-theme";
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

/** The theme as it is now. @type {Observable<Theme>} */
export const theme = new Observable(current());

prefersDark.addEventListener("change", apply);
apply();

/** Change to the other theme, from now on. */
export function toggle() {
  localStorage.setItem(KEY, theme.get() === "dark" ? "light" : "dark");
  apply();
}

function apply() {
  document.documentElement.dataset.theme = current();
  theme.set(current());
}

/** @returns {Theme} */
function current() {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "light" || chosen === "dark") {
    return chosen;
  }
  return prefersDark.matches ? "dark" : "light";
}
