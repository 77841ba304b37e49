"""The life of a process that records.

recording   the writers of one logger, one after the other
writer      one journal with its sender, from the first record to the outcome
companions  what is recorded beside a run: its provenance, and the state of the machine
ending      exit, exceptions and forks: what the open writers record of them
signals     the signals that end the process
"""
