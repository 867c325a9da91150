"""Groups of Pages on screens: for many Pages at once, and for one."""
