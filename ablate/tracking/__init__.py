"""The MLflow mirror: sends what the record holds to MLflow. Training never waits for it.

What has been sent already is read from MLflow itself, so sending twice changes nothing. Anything that is missing there
(since the server was down, or a run or the whole database was deleted) is sent later. Each study is one experiment, and
each of its runs is one flat MLflow run.
"""
