"""The MLflow mirror: MLflow is told what the record holds, and no training waits for it.

What was told is read from MLflow itself, so that telling twice changes nothing, and what it missed (a server away, a
deleted run, a deleted database) is told later. One experiment a study, one flat run a (study, run).
"""
