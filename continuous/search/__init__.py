"""The default search: descents of few neurons, then wide ones, polished, until time or effort is spent."""
