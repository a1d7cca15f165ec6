"""What every service needs, and nothing that knows of citizens, tasks or votes."""
