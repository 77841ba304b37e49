"""Live queries and streams of Hasura's, as iterators, over the protocol graphql-transport-ws.

`iterators` is what callers hold. Each follows an `operation`, which remembers where it stands; all
operations of a client share a `link`: one websocket, which is opened by `dial`, speaks in
`messages`, and comes back after an interruption. `background` runs it for callers without an event
loop, and `cursor` reads from a stream's text how to go on with it.

What holds:

- A live query gives its newest result: one that is not taken yet gives way to a newer. After an
  interruption it begins anew, and a result equal to the last one is not given again.
- A stream gives every batch. It goes on behind the last row that came, whatever happened in
  between. Where its reader is slow it is stopped at the server after a few batches and taken up
  again when they are read: nothing is lost, memory stays bounded, and no other subscription waits.
- A connection that breaks is opened again with growing pauses, for `PATIENCE` seconds; so is what
  the server cannot do just then. One that does not come about in the first place is an error after
  a few attempts, and one that is refused (a wrong secret, an unknown field) at once.
- Errors are raised where the results are awaited. An error of a single poll, such as a database
  that is away for a moment, does not end a subscription: who asks for the next result gets it.
"""
