"""Several tasks over one pass of the texts through the core."""

from __future__ import annotations

from slmkit.tasks.pipeline.pipeline import Pipeline

__all__ = ["Pipeline"]
