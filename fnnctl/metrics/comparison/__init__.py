"""Statistical tests of the difference between two runs: arrays in, an interval and p values out."""
