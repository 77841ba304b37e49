"""`python -m run_logger.cli`, where `run-logger` is not on the PATH."""

from run_logger.cli import main

main()
