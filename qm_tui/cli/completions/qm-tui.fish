complete -c qm-tui -a '(qm-tui complete fish -- (commandline -cp | string collect) 2>/dev/null)'
