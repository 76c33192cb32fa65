"""Speed, as ratios of two ways measured side by side in one run: `make bench`."""
