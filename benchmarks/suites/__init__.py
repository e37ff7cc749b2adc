"""Problems and methods by name: the suites, as TOML files beside this, and who runs on them."""
