//! What the disk can do: the floor under everything that is made durable.
