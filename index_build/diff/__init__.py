"""What one edition changes against another: compared, told and shown."""
