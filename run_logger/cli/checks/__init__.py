"""What `run-logger doctor` looks at: one module for each place where something can be wrong.

finding      what a check found, and what to do about it
journals     what waits on this machine, and what was refused
endpoints    whether servers answer, let us in, and have our tables
environment  variables, the directory of journals, optional packages
"""
