// @ts-check
// What the page asks of the API to edit charts.

export const CHARTS_TO_EDIT = /* GraphQL */ `
subscription charts_to_edit($run_ids: [Int!]!, $archived: Boolean!) {
  chart(
    where: {run_id: {_in: $run_ids}, archived: {_eq: $archived}}
    order_by: [{order: asc_nulls_last}, {id: asc}]
  ) {
    id
    run_id
    name
    order
    spec
  }
}`;

export const SAMPLE_ROWS = /* GraphQL */ `
query sample_rows($run_ids: [Int!]!, $max_rows: Int!) {
  run_log_sample(args: {run_ids: $run_ids, max_rows: $max_rows}) {
    run_id
    log
  }
}`;

export const ADD_CHARTS = /* GraphQL */ `
mutation add_charts($charts: [chart_insert_input!]!) {
  insert_chart(objects: $charts) {
    affected_rows
  }
}`;

export const CHANGE_CHARTS = /* GraphQL */ `
mutation change_charts($ids: [Int!]!, $change: chart_set_input!) {
  update_chart(where: {id: {_in: $ids}}, _set: $change) {
    affected_rows
  }
}`;

export const ORDER_CHARTS = /* GraphQL */ `
mutation order_charts($updates: [chart_updates!]!) {
  update_chart_many(updates: $updates) {
    affected_rows
  }
}`;
