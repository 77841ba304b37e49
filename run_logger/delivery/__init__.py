"""From `log()` to the database: a journal on disk, and a sender that reads it.

    journal    the append-only file of one writer: the queue, and what outlives the process
    store      where its lines go: segments on disk (disk, lock, files, blobs), in need memory
    reader     its records, from an offset on
    batch      records as the variables of one delivery
    rejected   the records that the server refuses, with the reason
    creation   asks the server for the run, exactly once
    joining    makes a writer known to the database, and a run that was begun without a server
    courier    takes one journal into the database, batch by batch, exactly once
    sender     the thread that keeps the courier going
    stored     a journal that another process wrote
    shipment   its delivery, at its adoption by a sender or by sync; resending: what was refused
    writer     all of these together: one process that writes one run
    recording  the writers of one logger, one after the other
    companions what is recorded beside the run: its provenance, and the state of the machine
    ending     exit, exceptions and forks: what the open writers record of them
    signals    the signals that end the process

A record's position is its identity: `seq` is the byte offset of its end in the journal.
"""
