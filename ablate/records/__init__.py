"""What is on disk: the record of runs, who may write it, what studies requested of it, and its tables."""
