// @ts-check
// What the page asks of the API, but for its charts: see chart_operations.js.

// Metadata can be large (a diff, a list of packages): a list reads by path what it shows.
const RUN = /* GraphQL */ `
  fragment Run on run {
    id
    archived
    status
    created_at
    sweep_id
    sweep_index
    name: metadata(path: "name")
    parameters: metadata(path: "parameters")
    tags: metadata(path: "tags")
  }
`;

export const CHOSEN_RUNS = /* GraphQL */ `
  subscription chosen_runs($where: run_bool_exp!, $limit: Int!) {
    run(where: $where, order_by: [{ id: asc }], limit: $limit) {
      ...Run
    }
  }
  ${RUN}
`;

export const NEWEST_RUN = /* GraphQL */ `
  subscription newest_run {
    run(where: { archived: { _eq: false } }, order_by: [{ id: desc }], limit: 1) {
      ...Run
    }
  }
  ${RUN}
`;

const LISTED_RUN = /* GraphQL */ `
  fragment ListedRun on run {
    ...Run
    writers(order_by: [{ heartbeat_at: desc_nulls_last }], limit: 1) {
      heartbeat_at
      error
    }
    run_logs(order_by: [{ id: desc }], limit: 3) {
      log
    }
  }
  ${RUN}
`;

export const LIST_RUNS = /* GraphQL */ `
  query list_runs($where: run_bool_exp!, $limit: Int!) {
    runs: run(where: $where, order_by: [{ id: desc }], limit: $limit) {
      ...ListedRun
    }
  }
  ${LISTED_RUN}
`;

export const SEARCH_RUNS = /* GraphQL */ `
  query search_runs($condition: String!, $where: run_bool_exp!, $limit: Int!) {
    runs: search_runs(
      args: { condition: $condition }
      where: $where
      order_by: [{ id: desc }]
      limit: $limit
    ) {
      ...ListedRun
    }
  }
  ${LISTED_RUN}
`;

export const FOLLOW_RUNS = /* GraphQL */ `
  subscription follow_runs($where: run_bool_exp!, $limit: Int!) {
    runs: run(where: $where, order_by: [{ id: desc }], limit: $limit) {
      ...ListedRun
    }
  }
  ${LISTED_RUN}
`;

export const FOLLOW_SEARCH = /* GraphQL */ `
  subscription follow_search($condition: String!, $where: run_bool_exp!, $limit: Int!) {
    runs: search_runs(
      args: { condition: $condition }
      where: $where
      order_by: [{ id: desc }]
      limit: $limit
    ) {
      ...ListedRun
    }
  }
  ${LISTED_RUN}
`;

const LISTED_SWEEP = /* GraphQL */ `
  fragment ListedSweep on sweep {
    id
    metadata
    archived
    space
    grid_index
    issued
    run_limit
    created_at
    runs_aggregate {
      aggregate {
        count
      }
    }
  }
`;

export const LIST_SWEEPS = /* GraphQL */ `
  query list_sweeps($where: sweep_bool_exp!, $limit: Int!) {
    sweeps: sweep(where: $where, order_by: [{ id: desc }], limit: $limit) {
      ...ListedSweep
    }
  }
  ${LISTED_SWEEP}
`;

export const FOLLOW_SWEEPS = /* GraphQL */ `
  subscription follow_sweeps($where: sweep_bool_exp!, $limit: Int!) {
    sweeps: sweep(where: $where, order_by: [{ id: desc }], limit: $limit) {
      ...ListedSweep
    }
  }
  ${LISTED_SWEEP}
`;

export const SWEEP = /* GraphQL */ `
  query sweep($id: Int!) {
    sweep_by_pk(id: $id) {
      ...ListedSweep
    }
  }
  ${LISTED_SWEEP}
`;

export const ARCHIVE_RUNS = /* GraphQL */ `
  mutation archive_runs($ids: [Int!]!, $archived: Boolean!) {
    update_run(where: { id: { _in: $ids } }, _set: { archived: $archived }) {
      affected_rows
    }
  }
`;

// An archived sweep takes its runs along, as it always did.
export const ARCHIVE_SWEEP = /* GraphQL */ `
  mutation archive_sweep($id: Int!, $archived: Boolean!) {
    update_sweep(where: { id: { _eq: $id } }, _set: { archived: $archived }) {
      affected_rows
    }
    update_run(where: { sweep_id: { _eq: $id } }, _set: { archived: $archived }) {
      affected_rows
    }
  }
`;

export const SAMPLE_METADATA = /* GraphQL */ `
  query sample_metadata($where: run_bool_exp!) {
    run(where: $where, order_by: [{ id: desc }], limit: 5) {
      metadata
    }
  }
`;

export const BLOBS = /* GraphQL */ `
  subscription blobs($run_ids: [Int!]!, $limit: Int!) {
    run_blob(where: { run_id: { _in: $run_ids } }, order_by: [{ id: desc }], limit: $limit) {
      id
      run_id
      metadata
      logged_at
    }
  }
`;

export const BLOB = /* GraphQL */ `
  query blob($id: Int!) {
    run_blob_by_pk(id: $id) {
      blob
    }
  }
`;
