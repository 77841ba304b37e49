// @ts-check
// What the page asks of the API to compare runs.

export const RESULTS = /* GraphQL */ `
subscription results($run_ids: [Int!]!) {
  run(where: {id: {_in: $run_ids}}) {
    id
    run_logs(order_by: [{id: desc}], limit: 3) {
      log
    }
  }
}`;

export const SWEEP_METRIC = /* GraphQL */ `
query sweep_metric($id: Int!) {
  sweep_by_pk(id: $id) {
    metric: metadata(path: "metric")
    direction: metadata(path: "direction")
  }
}`;

export const WHOLE_METADATA = /* GraphQL */ `
query whole_metadata($run_ids: [Int!]!) {
  run(where: {id: {_in: $run_ids}}, order_by: [{id: asc}]) {
    id
    metadata
  }
}`;
