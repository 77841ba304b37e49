#!/bin/sh
# A sweep on Slurm: each task of the array is one agent, which takes points until there are none left.
#
#     export RUN_LOGGER_ENDPOINT=https://host/v1/graphql HASURA_GRAPHQL_ADMIN_SECRET=…
#     export SWEEP=$(run-logger sweep create -c examples/sweep/space.yml --method random --runs 40 \
#         --metric accuracy --json | python -c 'import json, sys; print(json.load(sys.stdin)["sweep"])')
#     sbatch --export=ALL examples/sweep/slurm.sh
#
#SBATCH --job-name=sweep
#SBATCH --array=0-3
#SBATCH --cpus-per-task=1
#SBATCH --time=01:00:00
#SBATCH --output=agent-%a.log

# At the time limit Slurm sends SIGTERM: the agent stops its run, whose point `sweep retry` gives out again.
exec run-logger sweep run "$SWEEP" --max-retries 1 --output "sweep-$SWEEP" -- \
    python "${TRAIN:-examples/sweep/train.py}"
