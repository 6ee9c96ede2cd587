"""Tests of kills, power loss, full disks, damage and races."""
