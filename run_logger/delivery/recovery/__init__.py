"""Journals that other processes wrote, most of them dead.

stored     such a journal on disk
shipment   its delivery up to its end
resending  the delivery of what the server refused before
adoption   a sender that is idle delivers what dead processes left
sync       the same from outside, as `run-logger sync` and `run-logger doctor` need it
"""
