"""The routes, one module for each kind of thing; each parses, calls one function and returns."""
