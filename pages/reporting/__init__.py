"""What leaves the dashboard as a file: tables, daily figures, pictures of charts, reports."""
