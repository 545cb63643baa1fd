"""Tasks on the shared core: one folder a job, over plain strings or whole tables."""
