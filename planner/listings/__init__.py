"""Tables and terminal page of each of the smaller commands, one module a command."""
