"""Tables in files that somebody else wrote: encoded, laid out and spelled in many ways."""
