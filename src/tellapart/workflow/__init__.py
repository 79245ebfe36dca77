"""The short path: functions that read like the guide, one file for each verb."""
