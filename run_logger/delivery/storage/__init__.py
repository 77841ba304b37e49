"""Where the bytes of a journal lie.

files     their names, and the directory of all journals
lock      says that the owner of a journal lives
segments  one file, open
disk      makes files on disk
memory    makes files in memory, within a bound
factory   chooses between the two
store     takes lines from any thread, and goes on from one file to the next
closed    what it says after its end
"""
