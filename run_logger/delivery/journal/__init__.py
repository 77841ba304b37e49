"""What stands in a journal.

identity  who writes
header    the first line
journal   this process's own, open for appending
moment    the time of a record
blobs     large blobs, which have files of their own
reader    the records from an offset on
rejected  the records that the server refused, with the reason
"""
