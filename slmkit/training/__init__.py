"""What every training run shares: one loop, schedules, resume."""
