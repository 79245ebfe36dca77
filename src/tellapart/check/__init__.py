"""What is wrong with the data: one function a check, each of which returns findings."""
