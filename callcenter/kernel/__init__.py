"""Things every room may use and that know nothing of calls: clock, ids, errors, bus, database."""
