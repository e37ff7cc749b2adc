"""Networks whose largest output is that of a sample's class, and bounds on their neurons."""
