"""Problems, networks and results in files, and data from files."""
