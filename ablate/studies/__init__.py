"""What is asked, from a YAML file to arms and runs. No numpy, no torch: a plan of thousands of runs needs neither."""
