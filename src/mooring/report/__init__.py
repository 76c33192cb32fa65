"""Reports: values in, text out, no I/O."""
