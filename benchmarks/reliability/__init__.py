"""The reliability campaign on the shipped weights: kills, nonsense, load, damage; what failed of how much tried."""
