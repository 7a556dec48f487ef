"""Training as a plain generator of events: it knows no files, MLflow or executor. Importing this loads no torch."""
