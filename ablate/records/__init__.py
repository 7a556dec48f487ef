"""What is on disk: the record of runs, the lock on it, the runs that studies have requested, and tables of results."""
