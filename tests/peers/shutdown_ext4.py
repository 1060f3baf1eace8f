#!/usr/bin/env python3
"""Cuts the power of the ext4 file system mounted at argv[1]: everything not yet on the device is dropped, the journal's tail included
(EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH, as xfstests does)."""
import fcntl
import os
import struct
import sys

EXT4_IOC_SHUTDOWN = 0x8004587D
NOLOGFLUSH = struct.pack("I", 2)

fd = os.open(sys.argv[1], os.O_RDONLY)
fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, NOLOGFLUSH)
os.close(fd)
