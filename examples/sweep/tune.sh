#!/bin/sh
# Tune a classifier of handwritten digits with four agents, against a server that runs already:
#
#     run-logger serve &
#     sh examples/sweep/tune.sh
#
# RUN_LOGGER_ENDPOINT names another server, RUNS another number of runs, METHOD another method.
set -e
here=$(dirname "$0")

sweep=$(run-logger sweep create -c "$here/space.yml" --name digits --metric accuracy \
    --method "${METHOD:-tpe}" --runs "${RUNS:-40}" --json |
    python -c 'import json, sys; print(json.load(sys.stdin)["sweep"])')
echo "sweep $sweep"

# Four agents, each a process of its own, as they would be on four machines.
for agent in 1 2 3 4; do
    run-logger sweep run "$sweep" --output "sweep-$sweep" -- python "$here/train.py" &
done
wait

run-logger sweep show "$sweep" --importance "sweep-$sweep/importance.png"
echo "drew sweep-$sweep/importance.png"
