// @ts-check
// Listeners of one thing that changes.

/**
 * @template Value
 * @typedef {(value: Value) => void} Listener
 */

/**
 * A value, and who wants to know when it changes.
 *
 * @template Value
 */
export class Observable {
  /** @type {Set<Listener<Value>>} */
  #listeners = new Set();
  /** @type {Value} */
  #value;

  /** @param {Value} value */
  constructor(value) {
    this.#value = value;
  }

  /** @returns {Value} */
  get() {
    return this.#value;
  }

  /**
   * Change the value, and tell whoever listens.
   *
   * @param {Value} value
   */
  set(value) {
    this.#value = value;
    for (const listener of [...this.#listeners]) {
      listener(value);
    }
  }

  /**
   * Call a listener at each change from now on.
   *
   * @param {Listener<Value>} listener
   * @returns {() => void} Ends it.
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Call a listener now, and at each change.
   *
   * @param {Listener<Value>} listener
   * @returns {() => void} Ends it.
   */
  follow(listener) {
    listener(this.#value);
    return this.subscribe(listener);
  }
}
