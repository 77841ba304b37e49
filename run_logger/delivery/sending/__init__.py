"""How a journal gets into the database.

batch       records as the variables of one delivery
creation    asks the server for a run, exactly once
joining     makes a writer known to the database, and a run that was begun without a server
writer_row  the writer as the database has it, and the deliveries that move its mark
courier     delivers batch by batch, and finds the records that the server refuses
tally       counts what waits
sender      the thread that keeps the courier going
"""
