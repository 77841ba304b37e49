// @ts-check
// The one policy by which text may become markup: none may. Vega-embed empties its element with
// `innerHTML = ""`, which the browser refuses without a policy.

const { trustedTypes } = /** @type {any} */ (globalThis);

if (trustedTypes) {
  trustedTypes.createPolicy("default", {
    /** @param {string} markup */
    createHTML: (markup) => (markup === "" ? "" : null),
  });
}
