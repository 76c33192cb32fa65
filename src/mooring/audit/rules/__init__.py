"""One module per rule; its docstring is the manual, and the examples in it are run as tests."""
