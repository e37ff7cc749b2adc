"""What a user would pick instead, re-implemented from the published descriptions; each cites its source."""
