"""The soak: half an hour of load with faults, a restart and a killed worker, judged and tabled."""
