"""Training as a plain generator of events: no files, no MLflow, no executor. Importing the package loads no torch."""
