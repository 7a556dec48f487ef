"""The tags by which our runs are known in MLflow, and searched for."""

RUN_TAG, ARM_TAG, STUDY_TAG = "ablate.run", "ablate.arm", "ablate.study"
STATUS_TAG, ERROR_TAG, ADOPTED_TAG = "ablate.status", "ablate.error", "ablate.adopted"

REPORT_TAG = "ablate.report"
"""Of the run that has the files of a report; its value is their digest."""
