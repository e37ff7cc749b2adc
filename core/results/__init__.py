"""What the public functions return: small frozen results, one file for each kind of question."""
