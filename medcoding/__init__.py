"""The vocabulary every package shares: records that flow forward and never change. Imports nothing of ours."""
