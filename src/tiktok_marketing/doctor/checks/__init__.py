"""What the doctor looks at, one file per check. A check returns findings; it prints nothing and fixes nothing."""
