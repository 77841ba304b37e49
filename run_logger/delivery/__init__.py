"""From `log()` to the database: a journal on disk, and a sender that reads it.

    storage    where the bytes of a journal lie: files with a lock beside them, in need memory
    journal    what stands in it: a header and then the records, written and read
    sending    takes a journal into the database, each record exactly once
    recovery   journals that other processes left: their adoption, and what `sync` does
    lifecycle  the process: its writers, and what they record when it forks, fails or is killed

Imports point upward in this list. A record's position is its identity: `seq` is the byte offset of
its end in the journal.
"""
