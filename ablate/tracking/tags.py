"""The tags that mark our runs in MLflow, and by which they are searched."""

RUN_TAG, ARM_TAG, STUDY_TAG = "ablate.run", "ablate.arm", "ablate.study"
STATUS_TAG, ERROR_TAG, ADOPTED_TAG = "ablate.status", "ablate.error", "ablate.adopted"

REQUESTED_TAG = "ablate.requested"
"""Whether the study requests a run now: `RequestedRuns.kind`. The means of arms are over the runs that are
`present`."""

RECORD_TAG = "ablate.record"
"""The id of the record from which an experiment, or a report, was sent."""

REPORT_TAG = "ablate.report"
"""Set on the MLflow run that holds the files of a report; its value is the digest of these files."""
