// @ts-check
// The rows of a list, newest first: pages of them by their ids, and what changes, live.

/** @typedef {import("./graphql.js").Client} Client */
/**
 * Where the rows of a list come from.
 *
 * @template {{id: number, archived: boolean}} Row
 * @typedef {object} Source
 * @property {string} list A query of `$where` and `$limit` (and `variables`), newest first.
 * @property {string} follow The same, as a subscription.
 * @property {string} watch A subscription of `$where` and `$limit` alone.
 * @property {string} field The field of each that has the rows.
 * @property {(row: any) => Row} read
 * @property {object[]} conditions What holds of all rows.
 * @property {boolean} archived Whether these are the archived ones.
 * @property {Record<string, any> | null} variables Further variables, of a search.
 */

const PAGE = 50;
// How many ids before the newest are searched again each second for what matches a filter by now.
const RECENT = 1_000;

/**
 * Rows by id, newest first.
 *
 * @template {{id: number, archived: boolean}} Row
 */
export class Listing {
  /** @type {Row[]} */
  rows = [];
  /** Whether there are older ones. */
  hasMore = true;
  /** Whether the first page is there. */
  isReady = false;
  #client;
  #source;
  #onChange;
  #onError;
  #closing = new AbortController();
  #unfollow = () => {};
  #unwatch = () => {};

  /**
   * @param {Client} client
   * @param {Source<Row>} source
   * @param {() => void} onChange
   * @param {(error: Error) => void} onError
   */
  constructor(client, source, onChange, onError) {
    this.#client = client;
    this.#source = source;
    this.#onChange = onChange;
    this.#onError = onError;
  }

  /** Read the first page, and follow what comes. */
  async open() {
    await this.more();
    if (this.#closing.signal.aborted) {
      return;
    }
    const { follow, variables } = this.#source;
    // To search all runs each second would be too much; without a search it costs nothing.
    const from = variables ? Math.max(0, (this.rows[0]?.id ?? 0) - RECENT) : 0;
    const where = this.#where({ id: { _gt: from } });
    this.#unfollow = this.#subscribe(follow, { ...variables, where, limit: PAGE }, (rows) =>
      this.#putHead(rows, from),
    );
  }

  /**
   * Read the next page of older rows.
   *
   * @param {number} [limit]
   */
  async more(limit = PAGE) {
    const last = this.rows.at(-1);
    const where = last ? this.#where({ id: { _lt: last.id } }) : this.#where();
    const { list, field, read, variables } = this.#source;
    try {
      const options = { signal: this.#closing.signal };
      const data = await this.#client.query(list, { ...variables, where, limit }, options);
      const rows = data[field].map(read);
      this.hasMore = rows.length === limit;
      this.isReady = true;
      this.#put([...this.rows, ...rows]);
    } catch (error) {
      this.#report(error);
    }
  }

  /**
   * Keep rows up to date, those that are on the screen.
   *
   * @param {number[]} ids
   */
  watch(ids) {
    this.#unwatch();
    this.#unwatch = () => {};
    if (ids.length > 0) {
      const where = { id: { _in: ids } };
      this.#unwatch = this.#subscribe(this.#source.watch, { where, limit: ids.length }, (rows) =>
        this.#put([...this.rows.filter((row) => !ids.includes(row.id)), ...rows]),
      );
    }
  }

  /** End all that is under way. */
  close() {
    this.#closing.abort();
    this.#unfollow();
    this.#unwatch();
  }

  /**
   * Put the newest rows, each that there is from an id on, in the place of those that were known.
   *
   * @param {Row[]} head
   * @param {number} from
   */
  #putHead(head, from) {
    const isWhole = head.length < PAGE;
    const first = isWhole ? from : (head.at(-1)?.id ?? 0) - 1;
    const older = this.rows.filter((row) => row.id <= first);
    const overlaps = isWhole || older.length < this.rows.length || older.length === 0;
    // So many came at once that there may be others between them and what was known.
    this.hasMore ||= !overlaps;
    this.#put(overlaps ? [...older, ...head] : head);
  }

  /**
   * Have these rows from now on; of two with the same id, the latter.
   *
   * @param {Row[]} rows
   */
  #put(rows) {
    const byId = new Map(rows.map((row) => [row.id, row]));
    this.rows = [...byId.values()]
      .filter((row) => row.archived === this.#source.archived)
      .sort((one, other) => other.id - one.id);
    this.#onChange();
  }

  /** @param {...object} further */
  #where(...further) {
    const { conditions, archived } = this.#source;
    return { _and: [{ archived: { _eq: archived } }, ...conditions, ...further] };
  }

  /**
   * @param {string} document
   * @param {Record<string, any>} variables
   * @param {(rows: Row[]) => void} onRows
   * @returns {() => void}
   */
  #subscribe(document, variables, onRows) {
    const { field, read } = this.#source;
    return this.#client.subscribe(
      document,
      variables,
      (data) => onRows(data[field].map(read)),
      (error) => this.#report(error),
    );
  }

  /** @param {unknown} error */
  #report(error) {
    if (!this.#closing.signal.aborted) {
      this.#onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
