"""From a YAML file to arms and runs. Nothing here imports numpy or torch, so planning a study is fast."""
