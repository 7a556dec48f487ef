"""From a study to its report: adopt, train, score, export, publish, track. Used by the CLI and from Python alike."""
