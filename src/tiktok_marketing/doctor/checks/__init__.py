"""What the doctor looks at, one file for each check. A check returns findings; it prints nothing and fixes nothing."""
