"""From `log()` to the database: a journal on disk, and a sender that reads it.

    journal    the append-only file of one writer: the queue, and what outlives the process
    reader     its records, from an offset on
    batch      records as the variables of one delivery
    rejected   the records that the server refuses, with the reason
    courier    takes one journal into the database, batch by batch, exactly once
    sender     the thread that keeps the courier going
    creation   asks the server for the run, exactly once
    writer     all of these together: one process that writes one run

A record's position is its identity: `seq` is the byte offset of its end in the journal.
"""
