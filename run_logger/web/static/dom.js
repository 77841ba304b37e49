// @ts-check
// Elements, built from data. Text stays text: nothing here, or anywhere in the page, parses markup.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Make an element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [properties] Each is an attribute (`"aria-label"`, `hidden: true`),
 *   `class`, `dataset` (an object), or a listener (`onclick`). False, null and undefined leave it
 *   out; true sets it without a value.
 * @param {...(Child | Child[])} children Nodes, or text.
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    setProperty(made, name, value);
  }
  made.append(...nodes(children));
  return made;
}

/**
 * @param {HTMLElement} target
 * @param {string} name
 * @param {any} value
 */
function setProperty(target, name, value) {
  if (name.startsWith("on")) {
    target.addEventListener(name.slice(2), value);
  } else if (name === "dataset") {
    Object.assign(target.dataset, value);
  } else if (value === true) {
    target.setAttribute(name, "");
  } else if (value !== false && value !== null && value !== undefined) {
    target.setAttribute(name, String(value));
  }
}

/**
 * Put children in the place of those that an element has.
 *
 * @param {Element} target
 * @param {...(Child | Child[])} children
 */
export function replace(target, ...children) {
  target.replaceChildren(...nodes(children));
}

/**
 * Return the element of the page with this id.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`the page has no element #${id}`);
  }
  return found;
}

/**
 * Set the text of an element where it differs: a screen reader says again what is written again.
 *
 * @param {Element} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/**
 * @param {(Child | Child[])[]} children
 * @returns {(Node | string)[]}
 */
function nodes(children) {
  return children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) =>
      typeof child === "number" ? String(child) : /** @type {Node|string} */ (child),
    );
}
