"""The harness that measures every task beside what people would otherwise use."""
