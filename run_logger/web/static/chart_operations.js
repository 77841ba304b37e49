// @ts-check
// What the page asks of the API for its charts.

export const CHARTS = /* GraphQL */ `
subscription charts($run_ids: [Int!]!) {
  chart(
    where: {run_id: {_in: $run_ids}, archived: {_eq: false}}
    order_by: [{order: asc_nulls_last}, {id: asc}]
  ) {
    run_id
    name
    spec
  }
}`;

// How far the rows of each writer have come: what is beyond has to be fetched. The ids of rows do
// not tell, since those of several writers become visible out of order.
export const MARKS = /* GraphQL */ `
subscription marks($run_ids: [Int!]!) {
  writer(where: {run_id: {_in: $run_ids}}) {
    id
    run_id
    delivered
  }
}`;

const ROW = /* GraphQL */ `
fragment Row on run_log {
  id
  run_id
  writer_id
  seq
  log
}`;

export const ROWS = /* GraphQL */ `
query rows($where: run_log_bool_exp!, $limit: Int!) {
  run_log(where: $where, order_by: [{writer_id: asc}, {seq: asc}], limit: $limit) {
    ...Row
  }
}
${ROW}`;

export const EVEN_ROWS = /* GraphQL */ `
query even_rows($run_ids: [Int!]!, $max_rows: Int!, $where: run_log_bool_exp!) {
  run_log_sample(args: {run_ids: $run_ids, max_rows: $max_rows}, where: $where) {
    ...Row
  }
}
${ROW}`;

export const LAST_WITHOUT_WRITER = /* GraphQL */ `
subscription last_without_writer($run_ids: [Int!]!) {
  run_log(
    where: {run_id: {_in: $run_ids}, writer_id: {_is_null: true}}
    order_by: [{id: desc}]
    limit: 1
  ) {
    id
  }
}`;

export const ROWS_WITHOUT_WRITER = /* GraphQL */ `
query rows_without_writer($run_ids: [Int!]!, $after: bigint!, $limit: Int!) {
  run_log(
    where: {run_id: {_in: $run_ids}, writer_id: {_is_null: true}, id: {_gt: $after}}
    order_by: [{id: asc}]
    limit: $limit
  ) {
    ...Row
  }
}
${ROW}`;
