"""What Townhall costs: measured in one run, on one machine, as ratios that carry over to others."""
